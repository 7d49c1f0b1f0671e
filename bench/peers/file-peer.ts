import type { Calls } from '../child.ts';
import type { WireCount } from '../counting-socket.ts';

/** A process with one client that sends files, or gets them. Times are milliseconds of `nowMs`. */
export interface FileClientApi extends Calls {
  /** Resolves when the client is connected and has what the server has. */
  open(port: number): Promise<void>;
  /** Makes so many files, for `send`. */
  make(files: number, bytes: number): void;
  /** Sends them one after the other; resolves, when the last one is on its way, with the time at which that began. */
  send(): Promise<number>;
  /** Looks out for so many files from now on, and gets each as soon as it shows. */
  expect(files: number): Promise<void>;
  /** Resolves with the time at which all of them were here. */
  arrived(): Promise<number>;
}

/** One whose files are attachments of an album, and which edits a note beside them. */
export interface AttachmentClientApi extends FileClientApi {
  /** Inserts the album and the note, and resolves when the server has them. */
  begin(): Promise<void>;
  /** On the wire since the client was opened. */
  wire(): { readonly sent: WireCount; readonly received: WireCount };
  /** Writes the note; resolves with the time at which that began. */
  edit(text: string): Promise<number>;
  /** Looks out for that text in the note. */
  watch(text: string): Promise<void>;
  /** Resolves with the time at which the query showed what was looked out for. */
  seen(): Promise<number>;
  /** Files that are on their way. */
  underWay(): Promise<number>;
}
