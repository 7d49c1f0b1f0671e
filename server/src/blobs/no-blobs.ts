import { down, type ErrorCode } from '@breakwater/protocol';
import type { Peer } from '../stream.ts';
import type { BlobSession } from './blob-session.ts';

/** Of a server that keeps no bytes: it wants none, and has none. */
export function noBlobs(peer: Peer): BlobSession {
  return {
    begin() {},
    pushed() {},
    get: async ({ request }) => sendError(request, 'blob-missing'),
    put: async ({ request }) => sendError(request, 'blob-unwanted'),
    lacks() {},
    drained() {},
    leave() {},
  };

  function sendError(request: number, code: ErrorCode): void {
    peer.send(down.encode({ type: 'error', request, code, message: 'this server keeps no bytes of attachments' }));
  }
}
