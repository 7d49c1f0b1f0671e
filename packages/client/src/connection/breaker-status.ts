import type { BreakerStatus } from '../status.ts';
import { type BreakerOptions, failuresInARow, isTripped } from './breaker.ts';
import type { ConnectionState } from './machine.ts';

/** What people are told of the breaker. It stays tripped while it is probed, and until the link has lasted. */
export function breakerStatusOf(state: ConnectionState, options: BreakerOptions): BreakerStatus {
  const common = { failures: failuresInARow(state.breaker), threshold: options.failures };
  if (state.name === 'halted') return { ...common, state: 'open', probeAt: state.probeAt };
  // An earlier run of the app left it open.
  if (state.name === 'paused' && state.halt !== undefined) {
    return { state: 'open', failures: options.failures, threshold: options.failures };
  }
  if (!isTripped(state.breaker, options)) return { ...common, state: 'closed' };
  return { ...common, state: state.name === 'connecting' || state.name === 'live' ? 'half-open' : 'open' };
}
