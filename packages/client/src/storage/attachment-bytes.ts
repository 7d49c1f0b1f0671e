import type { RxAttachmentWriteData, RxCollection } from 'rxdb';
import { ACK_CONTEXT } from './contexts.ts';
import { type NamedAttachment, namedAttachments } from './named-attachment.ts';
import type { StoredDocument } from './row-meta.ts';
import { createStandIn, readStandIn, withGivenBytes } from './stand-in.ts';
import { requireCaptured } from './with-breakwater.ts';

/** What of an attachment's bytes is on the device: `whole` or not, in order from the beginning. */
export interface HeldBytes {
  readonly isWhole: boolean;
  readonly data: Blob;
}

/** The bytes of a collection's attachments, where RxDB keeps them: beside the document, under its id and their name. */
export interface AttachmentBytes {
  /** The attachments of a document that have these bytes, by whatever names. */
  named(id: string, digest: string): Promise<readonly NamedAttachment[]>;
  /** Undefined: the document has no such attachment any more. */
  held(id: string, name: string, digest: string): Promise<HeldBytes | undefined>;
  /** As `held`, under whichever name of the document most of the bytes are. */
  heldUnderAnyName(id: string, digest: string): Promise<HeldBytes | undefined>;
  /**
   * Stores the bytes, or a part of them, with every attachment of the document that has them. The document stays what it
   * is, and no query wakes up. Does nothing when the document has no such attachment any more.
   */
  keep(id: string, digest: string, held: HeldBytes): Promise<void>;
}

/** @throws Error when the collection's storage was not wrapped with withBreakwater. */
export function attachmentBytesOf(collection: RxCollection): AttachmentBytes {
  const captured = requireCaptured(collection);
  const { database } = collection;
  const { instance, inTurn, readAttachment } = captured;

  async function find(id: string): Promise<StoredDocument | undefined> {
    const [document] = await database.lockedRun(() => instance.findDocumentsById([id], false));
    return document as StoredDocument | undefined;
  }

  async function named(id: string, digest: string): Promise<NamedAttachment[]> {
    const document = await find(id);
    return document === undefined ? [] : withDigest(document, digest);
  }

  async function isNamed(id: string, name: string, digest: string): Promise<boolean> {
    return (await named(id, digest)).some((each) => each.name === name);
  }

  async function held(id: string, name: string, digest: string): Promise<HeldBytes | undefined> {
    if (!(await isNamed(id, name, digest))) return undefined;
    try {
      const data = await database.lockedRun(() => readAttachment(id, name, digest));
      const standIn = await readStandIn(data);
      if (standIn?.digest === digest) return { isWhole: false, data: standIn.part };
      // Some storages answer by name alone, and it may have been replaced in between.
      return (await isNamed(id, name, digest)) ? { isWhole: true, data } : undefined;
    } catch (error) {
      // Replaced or removed in between.
      if (!(await isNamed(id, name, digest))) return undefined;
      throw error;
    }
  }

  /** False: somebody else changed the document in between. */
  async function tryToKeep(id: string, digest: string, { isWhole, data }: HeldBytes): Promise<boolean> {
    const stored = await find(id);
    const attachments = stored === undefined ? [] : withDigest(stored, digest);
    if (stored === undefined || attachments.length === 0) return true;
    const given = attachments.map(({ name, type, length }): [string, RxAttachmentWriteData] => {
      return [name, { digest, type, length, data: isWhole ? data : createStandIn(digest, length, data) }];
    });
    const _attachments = { ...stored._attachments, ...Object.fromEntries(given) };
    const row = withGivenBytes({ previous: stored, document: { ...stored, _attachments } });
    const { error } = await database.lockedRun(() => captured.bulkWrite([row], ACK_CONTEXT));
    const [failure] = error;
    if (failure === undefined) return true;
    if (failure.status === 409) return false;
    throw new Error(`storing the bytes of an attachment of '${id}' failed with status ${failure.status}`);
  }

  return {
    named,
    held,
    async heldUnderAnyName(id, digest) {
      let most: HeldBytes | undefined;
      for (const { name } of await named(id, digest)) {
        const here = await held(id, name, digest);
        if (here?.isWhole) return here;
        if (here !== undefined && (most === undefined || here.data.size > most.data.size)) most = here;
      }
      return most;
    },
    // In turn with acks: both write under an unchanged revision, and would undo each other unnoticed.
    keep: (id, digest, bytes) =>
      inTurn(async () => {
        while (!(await tryToKeep(id, digest, bytes))) {
          // Read it again.
        }
      }),
  };
}

function withDigest(document: StoredDocument, digest: string): NamedAttachment[] {
  return namedAttachments(document).filter((attachment) => attachment.digest === digest);
}
