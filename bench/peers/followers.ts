import type { Calls } from '../child.ts';

export interface FollowersApi extends Calls {
  /** Resolves when so many sessions follow the notes of the server at this port. */
  open(port: number, count: number): Promise<void>;
  /** From now on: resolves with the time at which the last of them has heard of one commit. */
  allHear(): Promise<number>;
}
