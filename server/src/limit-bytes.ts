import type { Duplex } from 'node:stream';

/** After so many bytes the socket is heard no more; the answer stops the counting. */
export function limitBytes(socket: Duplex, maxBytes: number, onExceeded: () => void): () => void {
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) return;
    // What still comes is read and forgotten, so that the goodbye gets through.
    socket.removeAllListeners('data');
    onExceeded();
  };
  socket.on('data', count);
  return () => socket.off('data', count);
}
