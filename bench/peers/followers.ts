import type { Calls } from '../child.ts';

export interface FollowersApi extends Calls {
  /** Resolves when so many sessions follow the notes of the server at this port. */
  open(port: number, count: number): Promise<void>;
  /** Looks out for one commit from now on. */
  listen(): Promise<void>;
  /** Resolves with the time at which the last of them had heard of it. */
  allHeard(): Promise<number>;
}
