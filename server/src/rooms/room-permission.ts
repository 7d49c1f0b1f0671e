import type { JsonObject } from '@breakwater/crdt';
import type { Authorize, ProposedWrite } from '../authorize.ts';
import type { Scheduler } from '../scheduler.ts';

/** Who wants to be in a room. */
export interface RoomEntry extends Pick<ProposedWrite, 'tenant' | 'user' | 'labels'> {
  readonly room:
    | { readonly kind: 'document'; readonly collection: string; readonly id: string; readonly document: JsonObject }
    | { readonly kind: 'free'; readonly name: string };
}

/** `read`: what it writes is not taken. `none`: it may not be there at all. */
export type RoomPermission = 'write' | 'read' | 'none';

/**
 * Decides who may be in a room. Asked when somebody comes, and again about everybody in the room of a document that a push
 * has changed: who has other rights then has to come again. Promises are waited for up to 20 seconds. A hook that throws,
 * rejects or answers anything else turns the entry away for now.
 *
 * Default: in a document's room may write whoever `authorize` lets store the document as it is, and the others may read;
 * in free rooms everybody of the tenant may write.
 */
export type AuthorizeRoom = (entry: RoomEntry) => RoomPermission | Promise<RoomPermission>;

const DEADLINE_MS = 20_000;

export function defaultAuthorizeRoom(authorize: Authorize | undefined): AuthorizeRoom {
  return async ({ tenant, user, labels, room }) => {
    if (authorize === undefined || room.kind === 'free') return 'write';
    const { collection, id, document } = room;
    const after = structuredClone(document);
    const permission = await authorize({ tenant, user, labels, collection, id, before: document, after });
    return permission === true ? 'write' : 'read';
  };
}

/** @throws when the hook did not answer. */
export async function askPermission(
  authorizeRoom: AuthorizeRoom,
  entry: RoomEntry,
  scheduler: Scheduler,
): Promise<RoomPermission> {
  let cancel = () => {};
  const deadline = new Promise<never>((_, reject) => {
    const error = new Error(`authorizeRoom has not answered within ${DEADLINE_MS / 1000} s`);
    cancel = scheduler.after(DEADLINE_MS, () => reject(error));
  });
  try {
    const permission: unknown = await Promise.race([authorizeRoom(entry), deadline]);
    if (permission === 'write' || permission === 'read' || permission === 'none') return permission;
    throw new TypeError("authorizeRoom must answer 'write', 'read' or 'none'");
  } finally {
    cancel();
  }
}
