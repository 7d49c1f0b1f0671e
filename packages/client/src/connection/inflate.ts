import { type Deflated, FrameError } from '@breakwater/protocol';

/** The server's frames are a few hundred kilobytes; more is none of them, and must not fill the memory. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Can the platform inflate? Browsers since 2023, and Node. */
export function canInflate(): boolean {
  try {
    return new DecompressionStream('deflate-raw') !== undefined;
  } catch {
    return false;
  }
}

/**
 * The frame that was deflated. The platform does it beside the main thread.
 *
 * @throws FrameError when the bytes do not inflate, or to another length than the server said.
 */
export async function inflate({ bytes, length }: Deflated): Promise<Uint8Array> {
  if (length > MAX_BYTES) throw new FrameError(`a deflated frame of ${length} bytes is too large`);
  const frame = new Uint8Array(length);
  let at = 0;
  for await (const piece of inflatedPieces(bytes)) {
    if (at + piece.length > length) throw wrongLength(length);
    frame.set(piece, at);
    at += piece.length;
  }
  if (at < length) throw wrongLength(length);
  return frame;
}

async function* inflatedPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const stream = new DecompressionStream('deflate-raw');
  const writer = stream.writable.getWriter();
  // A failure shows on the side that is read.
  writer.write(new Uint8Array(bytes)).catch(() => {});
  writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw new FrameError(`a deflated frame does not inflate: ${error instanceof Error ? error.message : error}`);
  } finally {
    reader.cancel().catch(() => {});
  }
}

function wrongLength(length: number): FrameError {
  return new FrameError(`a deflated frame does not have the ${length} bytes that the server said`);
}
