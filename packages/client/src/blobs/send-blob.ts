import type { WantedBlob } from '@breakwater/protocol';
import type { Lane } from './lane.ts';
import { createReadAhead } from './read-ahead.ts';

/** The server threw away what it had so often: something is wrong that sending it again does not mend. */
const MAX_RESTARTS = 3;

export interface SendOptions {
  readonly lane: Lane;
  readonly signal: AbortSignal;
  /** So many bytes of it, from the beginning, the server has now. */
  readonly onHave: (have: number) => void;
  /** Are the bytes here what their digest says? Asked when the server threw away what it was sent. */
  readonly isIntact: () => Promise<boolean>;
}

/**
 * Sends a blob piece by piece until the server has all of it, which checks the whole. `corrupt`: the bytes here are not
 * what they should be, the server has thrown them away, and will not get them.
 *
 * @throws RequestError when the server does not want it; LinkLostError; Error when it loses what it was sent.
 */
export async function sendBlob(
  data: Blob,
  { digest, have }: WantedBlob,
  options: SendOptions,
): Promise<'sent' | 'corrupt'> {
  let from = have;
  for (let restarts = 0; restarts <= MAX_RESTARTS; restarts++) {
    from = await sendFrom(data, digest, from, options);
    if (from >= data.size) return 'sent';
    if (!(await options.isIntact())) return 'corrupt';
  }
  throw new Error(`the server lost what it was sent ${MAX_RESTARTS} times`);
}

/** Answers up to where the server has it: all of it, or where it is to be sent from again. */
async function sendFrom(data: Blob, digest: string, from: number, options: SendOptions): Promise<number> {
  const { lane, signal, onHave } = options;
  const { session } = lane;
  const reader = createReadAhead(data);
  const answered: Promise<void>[] = [];
  let last: Promise<void> = Promise.resolve();
  let next = from;
  let have = from;
  let isOver = false;

  async function send(offset: number, bytes: Uint8Array): Promise<void> {
    await session.request({ type: 'blob-put', digest, offset, bytes }, (answer) => {
      have = answer.have;
      // It came out of order, or was thrown away: those behind it are not taken either.
      if (have < offset + bytes.length) isOver = true;
      next = Math.max(next, have);
      onHave(have);
    });
  }

  // An empty blob is one empty piece.
  do {
    // Rows first. But who writes all the time shall get its pictures up, too: beside a push goes a piece at a time.
    await Promise.race([session.pushesAnswered(), last]);
    const leave = await lane.enter(signal);
    if (isOver) {
      leave('failed');
      break;
    }
    const offset = next;
    const bytes = await reader.read(offset, lane.pieceBytes);
    next = Math.max(next, offset + bytes.length);
    const sent = send(offset, bytes).then(
      () => leave('answered'),
      (error: unknown) => {
        isOver = true;
        leave('failed');
        throw error;
      },
    );
    answered.push(sent);
    // A failure is seen below; until then it must not count as unhandled.
    last = sent.catch(() => {});
  } while (next < data.size && !isOver);
  await Promise.all(answered);
  return have;
}
