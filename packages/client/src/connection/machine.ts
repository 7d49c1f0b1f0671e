import type { Status } from '../status.ts';
import { type BackoffOptions, backoffMs } from './backoff.ts';
import {
  type Breaker,
  type BreakerOptions,
  CLOSED_BREAKER,
  failuresInARow,
  isTripped,
  linkFailed,
  linkLasted,
  probeDelayMs,
  syncFailed,
  syncSucceeded,
  tripped,
} from './breaker.ts';

/** Its transitions are drawn in docs/ARCHITECTURE.md; a test holds the drawing against what this file does. */
export type ConnectionState = {
  readonly since: number;
  readonly breaker: Breaker;
  readonly hintedAt: number;
} /** `halt`: where an earlier run of the app left off. */ & (
  | { readonly name: 'paused'; readonly halt?: Halt | undefined }
  | { readonly name: 'connecting'; readonly deadlineAt: number }
  | { readonly name: 'live'; readonly spreadMs: number; readonly lastsAt: number | undefined }
  | { readonly name: 'offline'; readonly retryAt: number }
  | { readonly name: 'halted'; readonly probeAt: number; readonly cause: string }
  | { readonly name: 'needs-auth'; readonly reason: string }
  | { readonly name: 'failed'; readonly reason: string }
  | { readonly name: 'stopped' }
);

/** The breaker is open: until when, and why. */
export interface Halt {
  readonly probeAt: number;
  readonly cause: string;
}

export type ConnectionEvent =
  | { readonly type: 'start' }
  | { readonly type: 'pause' }
  | { readonly type: 'stop' }
  | { readonly type: 'retry' }
  /** The browser says that the network or the page is back. Only a hint, and at most one in 30 s counts. */
  | { readonly type: 'hint' }
  /** The moment that wakeAt named has come. */
  | { readonly type: 'timer' }
  /** The server's `connected` came. `spreadMs`: over which time its clients spread when they come back. */
  | { readonly type: 'connected'; readonly spreadMs: number }
  /** The server has another number of clients: see `connected`. */
  | { readonly type: 'spread'; readonly spreadMs: number }
  /** The socket is gone, or the attempt failed. `floorMs`: the server's wish for the least delay. */
  | { readonly type: 'lost'; readonly cause: string; readonly floorMs?: number | undefined }
  /** There is a link, but replication over it failed. */
  | { readonly type: 'sync-failed'; readonly cause: string }
  /** A push was acknowledged, or everything is in step. */
  | { readonly type: 'sync-succeeded' }
  | { readonly type: 'token-refused'; readonly reason: string }
  | { readonly type: 'fail'; readonly reason: string };

export type Effect = 'open-socket' | 'close-socket';

export interface Transition {
  readonly state: ConnectionState;
  readonly effects: readonly Effect[];
}

export interface MachineOptions {
  readonly backoff: BackoffOptions;
  readonly breaker: BreakerOptions;
}

/** What a transition needs from outside: the time, and chance. */
export interface Circumstances {
  readonly now: number;
  /** A number in [0, 1). */
  readonly random: number;
}

/** Longest time from the start of an attempt to `connected`, in milliseconds. */
export const CONNECT_DEADLINE_MS = 10_000;
/** A link that lives this long was a success; dropped sooner, it counts as a failure. */
export const LASTING_AFTER_MS = 5_000;
/** Hints nearer together than this are ignored, so that a flapping network cannot defeat the backoff. */
export const HINT_INTERVAL_MS = 30_000;

/** `halt`: the breaker was open when the app ended, and goes on being open. */
export function initialState(now: number, halt?: Halt): ConnectionState {
  return { name: 'paused', since: now, breaker: CLOSED_BREAKER, hintedAt: Number.NEGATIVE_INFINITY, halt };
}

/** When the state wants the event `timer`, or undefined. The only timer there is belongs to the state. */
export function wakeAt(state: ConnectionState): number | undefined {
  switch (state.name) {
    case 'connecting':
      return state.deadlineAt;
    case 'live':
      return state.lastsAt;
    case 'offline':
      return state.retryAt;
    case 'halted':
      return state.probeAt;
    case 'paused':
    case 'needs-auth':
    case 'failed':
    case 'stopped':
      return undefined;
  }
}

/** The next state and what is to be done. An event that means nothing in a state answers the very same state. */
export function transition(
  state: ConnectionState,
  event: ConnectionEvent,
  options: MachineOptions,
  circumstances: Circumstances,
): Transition {
  if (state.name === 'stopped') return unchanged(state);
  switch (event.type) {
    case 'start':
      return state.name === 'paused' ? begin(state, options, circumstances) : unchanged(state);
    case 'pause':
      return state.name === 'paused' ? unchanged(state) : leave(state, { name: 'paused' }, circumstances);
    case 'stop':
      return leave(state, { name: 'stopped' }, circumstances);
    case 'retry':
      return isWaiting(state) ? connect(state, circumstances) : unchanged(state);
    case 'hint':
      return onHint(state, circumstances);
    case 'timer':
      return onTimer(state, options, circumstances);
    case 'connected':
      return state.name === 'connecting' ? goLive(state, event.spreadMs, circumstances) : unchanged(state);
    case 'spread':
      return state.name === 'live' && state.spreadMs !== event.spreadMs
        ? { state: { ...state, spreadMs: event.spreadMs }, effects: [] }
        : unchanged(state);
    case 'lost':
      return hasSocket(state) ? onLost(state, event, options, circumstances) : unchanged(state);
    case 'sync-failed':
      return state.name === 'live' ? onSyncFailed(state, event.cause, options, circumstances) : unchanged(state);
    case 'sync-succeeded':
      // Late, from a link that is gone, it must not close a breaker that has opened since.
      return state.name === 'live' && state.breaker.syncFailures > 0
        ? { state: { ...state, breaker: syncSucceeded(state.breaker) }, effects: [] }
        : unchanged(state);
    case 'token-refused':
      return onTokenRefused(state, event.reason, circumstances);
    case 'fail':
      return leave(state, { name: 'failed', reason: event.reason }, circumstances);
  }
}

export function statusOf(state: ConnectionState): Status {
  const { since } = state;
  switch (state.name) {
    case 'connecting':
    case 'live':
    case 'paused':
    case 'stopped':
      return { state: state.name, since };
    case 'offline':
      return { state: 'offline', since, attempt: failuresInARow(state.breaker), retryAt: state.retryAt };
    case 'halted':
      return { state: 'halted', since, probeAt: state.probeAt, cause: state.cause };
    case 'needs-auth':
    case 'failed':
      return { state: state.name, since, reason: state.reason };
  }
}

type Waiting = Extract<ConnectionState, { readonly name: 'offline' | 'halted' | 'needs-auth' | 'failed' }>;

function isWaiting(state: ConnectionState): state is Waiting {
  return ['offline', 'halted', 'needs-auth', 'failed'].includes(state.name);
}

function hasSocket(state: ConnectionState): boolean {
  return state.name === 'connecting' || state.name === 'live';
}

function unchanged(state: ConnectionState): Transition {
  return { state, effects: [] };
}

function shared(state: ConnectionState, { now }: Circumstances) {
  return { since: now, breaker: state.breaker, hintedAt: state.hintedAt };
}

type Resting =
  | { readonly name: 'paused' | 'stopped' }
  | { readonly name: 'needs-auth' | 'failed'; readonly reason: string };

function leave(state: ConnectionState, next: Resting, circumstances: Circumstances): Transition {
  return {
    state: { ...shared(state, circumstances), ...next } as ConnectionState,
    effects: hasSocket(state) ? ['close-socket'] : [],
  };
}

function connect(state: ConnectionState, circumstances: Circumstances): Transition {
  const deadlineAt = circumstances.now + CONNECT_DEADLINE_MS;
  return { state: { ...shared(state, circumstances), name: 'connecting', deadlineAt }, effects: ['open-socket'] };
}

/** The longest that a probe may be away, in milliseconds: a clock that was set back must not halt for days. */
const longestHaltMs = ({ breaker }: MachineOptions) => probeDelayMs(breaker, 1);

/** A reload of the page is no way around an open breaker. */
function begin(
  state: Extract<ConnectionState, { readonly name: 'paused' }>,
  options: MachineOptions,
  circumstances: Circumstances,
): Transition {
  const { halt } = state;
  if (halt === undefined || halt.probeAt <= circumstances.now) return connect(state, circumstances);
  const probeAt = Math.min(halt.probeAt, circumstances.now + longestHaltMs(options));
  const breaker = tripped(options.breaker);
  return { state: { ...shared(state, circumstances), ...halt, breaker, name: 'halted', probeAt }, effects: [] };
}

/** While live it has only expired: a fresh one may do. At an attempt it is the fresh one that does not do. */
function onTokenRefused(state: ConnectionState, reason: string, circumstances: Circumstances): Transition {
  if (state.name === 'connecting') return leave(state, { name: 'needs-auth', reason }, circumstances);
  if (state.name !== 'live') return unchanged(state);
  return { state: connect(state, circumstances).state, effects: ['close-socket', 'open-socket'] };
}

function onHint(state: ConnectionState, circumstances: Circumstances): Transition {
  if (state.name !== 'offline' && state.name !== 'halted') return unchanged(state);
  if (circumstances.now - state.hintedAt < HINT_INTERVAL_MS) return unchanged(state);
  return connect({ ...state, hintedAt: circumstances.now }, circumstances);
}

function onTimer(state: ConnectionState, options: MachineOptions, circumstances: Circumstances): Transition {
  // Not compared with the time: a timer may fire a little early, and a clock may have been set back meanwhile.
  switch (state.name) {
    case 'offline':
    case 'halted':
      return connect(state, circumstances);
    case 'connecting': {
      const cause = `the server did not answer within ${CONNECT_DEADLINE_MS / 1000} s`;
      return onLost(state, { cause }, options, circumstances);
    }
    case 'live':
      if (state.lastsAt === undefined) return unchanged(state);
      return { state: { ...state, breaker: linkLasted(state.breaker), lastsAt: undefined }, effects: [] };
    default:
      return unchanged(state);
  }
}

function goLive(state: ConnectionState, spreadMs: number, circumstances: Circumstances): Transition {
  const lastsAt = circumstances.now + LASTING_AFTER_MS;
  return { state: { ...shared(state, circumstances), name: 'live', spreadMs, lastsAt }, effects: [] };
}

interface Loss {
  readonly cause: string;
  readonly floorMs?: number | undefined;
}

function onLost(state: ConnectionState, loss: Loss, options: MachineOptions, circumstances: Circumstances): Transition {
  const wasLasting = state.name === 'live' && state.lastsAt === undefined;
  const breaker = wasLasting ? state.breaker : linkFailed(state.breaker);
  const delayMs = wasLasting
    ? Math.round(circumstances.random * state.spreadMs)
    : backoffMs(failuresInARow(breaker), options.backoff, circumstances.random);
  return wait({ ...state, breaker }, delayMs, loss, options, circumstances);
}

function onSyncFailed(
  state: ConnectionState,
  cause: string,
  options: MachineOptions,
  circumstances: Circumstances,
): Transition {
  const breaker = syncFailed(state.breaker);
  const delayMs = backoffMs(failuresInARow(breaker), options.backoff, circumstances.random);
  return wait({ ...state, breaker }, delayMs, { cause }, options, circumstances);
}

function wait(
  state: ConnectionState,
  delayMs: number,
  { cause, floorMs = 0 }: Loss,
  options: MachineOptions,
  circumstances: Circumstances,
): Transition {
  const common = shared(state, circumstances);
  if (isTripped(state.breaker, options.breaker)) {
    const probeAt = circumstances.now + Math.max(floorMs, probeDelayMs(options.breaker, circumstances.random));
    return { state: { ...common, name: 'halted', probeAt, cause }, effects: ['close-socket'] };
  }
  const retryAt = circumstances.now + Math.max(floorMs, delayMs);
  return { state: { ...common, name: 'offline', retryAt }, effects: ['close-socket'] };
}
