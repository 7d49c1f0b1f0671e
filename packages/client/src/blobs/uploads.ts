import type { WantedBlob } from '@breakwater/protocol';
import { LinkLostError, RequestError } from '../connection/errors.ts';
import type { Session } from '../connection/session.ts';
import { describeError } from '../describe-error.ts';
import type { Scheduler } from '../scheduler.ts';
import type { SyncError } from '../status.ts';
import type { AttachmentBytes } from '../storage/attachment-bytes.ts';
import type { NamedAttachment } from '../storage/named-attachment.ts';
import { createGate } from './gate.ts';
import { createLane, type Lane } from './lane.ts';
import { sendBlob } from './send-blob.ts';
import type { Transfers } from './transfers.ts';

export interface UploadsOptions {
  readonly bytesOf: (collection: string) => AttachmentBytes | undefined;
  /** The sha-256 in hexadecimal digits. */
  readonly hash: (data: Blob) => Promise<string>;
  readonly transfers: Transfers;
  readonly scheduler: Scheduler;
  readonly onError: (error: Omit<SyncError, 'at'>) => void;
}

/** Sends the bytes that the server asks for. What it still lacks when a session ends, it asks for in the next. */
export interface Uploads {
  /** The server asks; settled when each was sent or found not to be here. */
  send(session: Session, wanted: readonly WantedBlob[]): Promise<void>;
}

/** Blobs sent at once: more would only take longer each. */
const UPLOADS_AT_ONCE = 2;
/** After a failure of the server's storage a blob is sent again, in milliseconds. */
const AGAIN_AFTER_MS = 30_000;

/** One session's uploads. */
interface Sending {
  readonly lane: Lane;
  readonly digests: Set<string>;
  readonly gate: ReturnType<typeof createGate>;
}

export function createUploads(options: UploadsOptions): Uploads {
  const { bytesOf, hash, transfers, scheduler, onError } = options;
  const sendingBySession = new WeakMap<Session, Sending>();

  function sendingOf(session: Session): Sending {
    const known = sendingBySession.get(session);
    if (known !== undefined) return known;
    const lane = createLane(session, scheduler);
    const sending = { lane, digests: new Set<string>(), gate: createGate(() => UPLOADS_AT_ONCE) };
    sendingBySession.set(session, sending);
    return sending;
  }

  async function sendOne(session: Session, wanted: WantedBlob): Promise<void> {
    const { digests, gate, lane } = sendingOf(session);
    if (digests.has(wanted.digest)) return;
    digests.add(wanted.digest);
    try {
      await gate.enter(session.signal);
      try {
        await sendNow(lane, wanted);
      } finally {
        gate.leave();
      }
    } catch (error) {
      onFailure(session, wanted, error);
    } finally {
      digests.delete(wanted.digest);
    }
  }

  async function sendNow(lane: Lane, wanted: WantedBlob): Promise<void> {
    const found = await findBytes(wanted);
    if (found === undefined) return lane.session.tell({ type: 'blob-lacks', digests: [wanted.digest] });
    const { data, attachment } = found;
    if (data.size !== wanted.length) return onCorrupt(lane, wanted, attachment);
    const { collection, id, digest, length, have } = wanted;
    const { name, type } = attachment;
    const what = { direction: 'up', collection, id, name, digest, type, bytes: have, total: length } as const;
    // The server would only ask for it again.
    const transfer = transfers.begin({ ...what, state: 'moving' }, () => {});
    const onHave = transfer.moved;
    const isIntact = async () => (await hash(data)) === digest;
    try {
      const outcome = await sendBlob(data, wanted, { lane, signal: lane.session.signal, onHave, isIntact });
      if (outcome === 'corrupt') onCorrupt(lane, wanted, attachment);
    } finally {
      transfer.end();
    }
  }

  /** Undefined: they are not here, or not any more. */
  async function findBytes({ collection, id, digest }: WantedBlob) {
    const bytes = bytesOf(collection);
    const [attachment] = (await bytes?.named(id, digest)) ?? [];
    const held = await bytes?.heldUnderAnyName(id, digest);
    if (attachment === undefined || !held?.isWhole) return undefined;
    return { data: held.data, attachment };
  }

  function onCorrupt({ session }: Lane, { collection, id, digest }: WantedBlob, { name }: NamedAttachment): void {
    session.tell({ type: 'blob-lacks', digests: [digest] });
    const message = `the bytes of '${name}' of '${id}' on this device are not those that were attached (${digest}); the server does not get them`;
    onError({ code: 'attachment-corrupt', message, collection });
  }

  function onFailure(session: Session, wanted: WantedBlob, error: unknown): void {
    if (session.signal.aborted || error instanceof LinkLostError) return;
    if (error instanceof RequestError && error.code === 'blob-unwanted') return;
    const message = `the bytes of an attachment of '${wanted.id}' could not be sent: ${describeError(error)}`;
    onError({ code: 'upload-failed', message, collection: wanted.collection, cause: error });
    const cancel = scheduler.after(AGAIN_AFTER_MS, () => void sendOne(session, { ...wanted, have: 0 }));
    session.signal.addEventListener('abort', cancel, { once: true });
  }

  return {
    async send(session, wanted) {
      await Promise.all(wanted.map((each) => sendOne(session, each)));
    },
  };
}
