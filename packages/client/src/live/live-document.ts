import type { Observable } from 'rxjs';
import type { Awareness } from 'y-protocols/awareness';
import type * as Y from 'yjs';

/** `live`: in step with the room, what others type comes as they type it. `offline`: typing goes on and is kept. */
export type LiveStatus = 'offline' | 'live' | 'closed';

/**
 * Why a document is no longer open:
 *
 * - `closed`: the app has closed it.
 * - `deleted`: the document was deleted, here or elsewhere.
 * - `replaced`: another document was inserted under the same id.
 * - `set-back`: the document went back to what the server holds, because it was refused, or it may not be read here any
 *   more. What was written is in `sync.refused`; what was typed since was written on top. Open it again to go on,
 *   if it is still there.
 * - `unsupported`: the text holds what a plain text cannot, such as formatting. Its characters were written.
 * - `ended`: replication was cancelled, or the database closed.
 */
export type LiveEndReason = 'closed' | 'deleted' | 'replaced' | 'set-back' | 'unsupported' | 'ended';

export interface LiveEnd {
  readonly reason: LiveEndReason;
  /** For people. */
  readonly message: string;
}

/** A document that is open for typing. */
export interface LiveDocument<D = { readonly [field: string]: unknown }> {
  /** Holds the rich fields of the document, root types named as the fields. The app must not destroy it. */
  readonly doc: Y.Doc;
  /** Who else is there; `setLocalStateField('user', { name, ...userColors(name) })` names this one. */
  readonly awareness: Awareness;
  /**
   * The text of a field, for an editor of the Yjs family to bind to. Plain text only: no formatting.
   *
   * @throws TypeError when the definition does not merge the field as `text`.
   */
  text(field: TextFieldOf<D>): Y.Text;
  /** Undoes what was typed here, never what others typed. It ends with the document. */
  undoManager(field: TextFieldOf<D>): Y.UndoManager;
  /** Once the room was joined: may this user only read? What is typed all the same is refused. */
  readonly isReadOnly: boolean;
  readonly status: LiveStatus;
  /** Emits the present status at once. */
  readonly status$: Observable<LiveStatus>;
  /** Resolves when the document is no longer open. `doc` can still be read; what is typed into it reaches nobody. */
  readonly closed: Promise<LiveEnd>;
  /** Resolves when everything that was typed is in the document on this device, as it is every 300 ms by itself. */
  flush(): Promise<void>;
  /** Of a document that was opened several times, the last one closes it. */
  close(): Promise<void>;
}

/** The fields whose value is a string. Which of them merge as text the definition says, where types do not see it. */
export type TextFieldOf<D> = {
  [F in keyof D]-?: NonNullable<D[F]> extends string ? F : never;
}[keyof D] &
  string;

/** A document of RxDB, with as much of its type as tells its fields. */
export interface DocumentToOpen<D> {
  readonly primary: string;
  toMutableJSON(withRevAndAttachments?: false): D;
}
