/**
 * As much of a WebSocket as the connection uses: a browser's, Node's, or a test's. Of a message it reads `data` (an
 * ArrayBuffer), of a close `code` and `reason`. The handlers are typed so that every kind of WebSocket fits.
 */
export interface WebSocketLike {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}
