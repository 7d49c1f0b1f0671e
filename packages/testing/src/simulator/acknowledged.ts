import { decodeState } from '@breakwater/crdt';
import { down, type Push, up } from '@breakwater/protocol';
import type { Ledger } from './ledger.ts';
import type { Link } from './link.ts';

/** Overhears the pushes and acks of all links. */
export interface Eavesdropper {
  readonly acknowledgedRows: number;
  /** Pushes of which the client never learned what came of them. */
  readonly unknownOutcomes: number;
  /** The server hears this. */
  upDelivered(link: Link, frame: Uint8Array): void;
  /** The server has said this: from now on it must hold, whether it is ever heard or not. */
  downSent(link: Link, frame: Uint8Array): void;
  downDelivered(frame: Uint8Array): void;
}

/** The first byte of a frame names its kind: only these two kinds are worth decoding. */
const [PUSH] = up.encode({ type: 'push', request: 0, atomic: false, groups: [] });
const [ACK] = down.encode({ type: 'ack', request: 0, groups: [] });

export function createEavesdropper(acknowledged: Ledger): Eavesdropper {
  const pushesByLink = new WeakMap<Link, Map<number, Push>>();
  let pushes = 0;
  let acks = 0;
  let acknowledgedRows = 0;
  return {
    get acknowledgedRows() {
      return acknowledgedRows;
    },
    get unknownOutcomes() {
      return pushes - acks;
    },
    upDelivered(link, frame) {
      const message = frame[0] === PUSH ? up.decode(frame) : undefined;
      if (message?.type !== 'push') return;
      pushes += 1;
      const byRequest = pushesByLink.get(link) ?? new Map<number, Push>();
      pushesByLink.set(link, byRequest.set(message.request, message));
    },
    downSent(link, frame) {
      const message = frame[0] === ACK ? down.decode(frame) : undefined;
      if (message?.type !== 'ack') return;
      const rows = pushesByLink.get(link)?.get(message.request)?.groups[0]?.rows ?? [];
      message.groups[0]?.results.forEach((result, i) => {
        const row = rows[i];
        if (result.kind !== 'stored' || row === undefined) return;
        acknowledgedRows += 1;
        acknowledged.add(row.id, decodeState(row.bytes));
      });
    },
    downDelivered(frame) {
      if (frame[0] === ACK) acks += 1;
    },
  };
}
