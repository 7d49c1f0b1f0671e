/** Which room somebody wants to be in. */
export type RoomAddress =
  | {
      readonly kind: 'document';
      readonly collection: string;
      readonly id: string;
      /** The text of the stamp; undefined: whichever the row has. */
      readonly generation: string | undefined;
    }
  | { readonly kind: 'free'; readonly name: string };

const DOCUMENT_PATH = '/yjs/doc/';
const FREE_PATH = '/yjs/room/';

/** Is this the path of a y-websocket client? Whether there is such a room is another question. */
export function isRoomPath(path: string): boolean {
  return path.startsWith(DOCUMENT_PATH) || path.startsWith(FREE_PATH);
}

/** Undefined: the path names no room. What comes behind the collection is the id, with all its slashes. */
export function parseRoomPath(path: string): RoomAddress | undefined {
  try {
    if (path.startsWith(FREE_PATH)) return { kind: 'free', name: decodeURIComponent(path.slice(FREE_PATH.length)) };
    const rest = path.slice(DOCUMENT_PATH.length);
    const end = rest.indexOf('/');
    if (end < 0) return undefined;
    const [collection, id] = [decodeURIComponent(rest.slice(0, end)), decodeURIComponent(rest.slice(end + 1))];
    return { kind: 'document', collection, id, generation: undefined };
  } catch {
    return undefined;
  }
}
