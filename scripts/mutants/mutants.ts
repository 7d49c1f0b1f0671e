import { ON_DEVICE } from './on-device.ts';
import { ON_SERVER } from './on-server.ts';
import type { SourceMutant } from './source-mutant.ts';

/** Rules of replication that hold by a guard in the source. Those that a wrapped part can take away are in the simulator. */
export const MUTANTS: readonly SourceMutant[] = [...ON_DEVICE, ...ON_SERVER];
