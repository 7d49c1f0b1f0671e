import { AttachmentMissingError, type Replication } from '@breakwater/client';
import type { RxDocument, RxQuery } from 'rxdb';

/** The bytes if they can be had now; undefined: show a placeholder, and try again when the status is live. */
export async function readCover(note: RxDocument): Promise<Blob | undefined> {
  try {
    return await note.getAttachment('cover')?.getData();
  } catch (error) {
    if (error instanceof AttachmentMissingError) return undefined;
    throw error;
  }
}

/** The bytes, however long that takes. */
export async function waitForCover(
  sync: Replication,
  note: RxDocument,
  signal: AbortSignal,
): Promise<Blob | undefined> {
  const cover = note.getAttachment('cover');
  return cover === null ? undefined : sync.attachmentData(cover, { wait: true, signal });
}

/** Before the user leaves the network: everything that is needed on the way. */
export async function takeAlong(sync: Replication, notes: RxQuery): Promise<string> {
  const { fetched, missing } = await sync.prefetch(notes);
  return `${fetched} fetched, ${missing} not there yet`;
}

/** One line for each transfer. */
export function watchTransfers(sync: Replication, show: (lines: string[]) => void): () => void {
  const subscription = sync.transfers$.subscribe((transfers) => {
    show(transfers.map(({ direction, name, bytes, total }) => `${direction} ${name} ${bytes} of ${total}`));
  });
  return () => subscription.unsubscribe();
}
