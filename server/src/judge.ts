import type { JsonObject, State } from '@breakwater/crdt';
import type { Incoming, Refused } from './inspect-push.ts';

/** What a pushed row would make of the stored one. */
export interface RowChange {
  readonly incoming: Incoming;
  /** What is stored, or what an earlier row of the same push made of it; undefined: nothing. */
  readonly before: State | undefined;
  readonly after: State;
  /** What was written of it. */
  readonly document: JsonObject;
}

/** Undefined: the change may be stored. Synchronous: it judges between the reading of a row and its writing. */
export type Judge = (change: RowChange) => Refused | undefined;
