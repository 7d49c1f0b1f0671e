import { decodeState, type State } from '@breakwater/crdt';
import { down, up } from '@breakwater/protocol';
import { type Key, keyOf } from './definitions.ts';
import type { Link } from './link.ts';

export interface EavesdropperOptions {
  /** The server has said that it stored a row: from now on that must hold, whether it is ever heard or not. */
  readonly onAcknowledged: (key: Key, state: State) => void;
}

/** Overhears the pushes and acks of all links. */
export interface Eavesdropper {
  readonly acknowledgedRows: number;
  readonly refusedRows: number;
  /** Pushes of which the client never learned what came of them. */
  readonly unknownOutcomes: number;
  /** A device says this. */
  upSent(frame: Uint8Array): readonly SentRow[];
  /** The server hears this. */
  upDelivered(link: Link, frame: Uint8Array): void;
  downSent(link: Link, frame: Uint8Array): void;
  downDelivered(frame: Uint8Array): void;
}

export interface SentRow {
  readonly key: Key;
  readonly state: State;
}

interface SentPush {
  readonly request: number;
  readonly rows: readonly SentRow[];
}

/** The first byte of a frame names its kind: only these two kinds are worth decoding. */
const [PUSH] = up.encode({ type: 'push', request: 0, atomic: false, groups: [] });
const [ACK] = down.encode({ type: 'ack', request: 0, groups: [] });

export function createEavesdropper({ onAcknowledged }: EavesdropperOptions): Eavesdropper {
  const pushByFrame = new WeakMap<Uint8Array, SentPush>();
  const pushesByLink = new WeakMap<Link, Map<number, SentPush>>();
  let pushes = 0;
  let acks = 0;
  let acknowledgedRows = 0;
  let refusedRows = 0;
  return {
    get acknowledgedRows() {
      return acknowledgedRows;
    },
    get refusedRows() {
      return refusedRows;
    },
    get unknownOutcomes() {
      return pushes - acks;
    },
    upSent(frame) {
      const push = readPush(frame);
      if (push === undefined) return [];
      pushByFrame.set(frame, push);
      return push.rows;
    },
    upDelivered(link, frame) {
      const push = pushByFrame.get(frame);
      if (push === undefined) return;
      pushes += 1;
      const byRequest = pushesByLink.get(link) ?? new Map<number, SentPush>();
      pushesByLink.set(link, byRequest.set(push.request, push));
    },
    downSent(link, frame) {
      const message = frame[0] === ACK ? down.decode(frame) : undefined;
      if (message?.type !== 'ack') return;
      const results = message.groups.flatMap((group) => group.results);
      const rows = pushesByLink.get(link)?.get(message.request)?.rows ?? [];
      for (const [i, { key, state }] of rows.entries()) {
        const kind = results[i]?.kind;
        if (kind === 'refused') refusedRows += 1;
        if (kind !== 'stored') continue;
        acknowledgedRows += 1;
        onAcknowledged(key, state);
      }
    },
    downDelivered(frame) {
      if (frame[0] === ACK) acks += 1;
    },
  };
}

function readPush(frame: Uint8Array): SentPush | undefined {
  const message = frame[0] === PUSH ? up.decode(frame) : undefined;
  if (message?.type !== 'push') return undefined;
  const rows = message.groups.flatMap(({ collection, rows }) =>
    rows.map(({ id, bytes }) => ({ key: keyOf(collection, id), state: decodeState(bytes) })),
  );
  return { request: message.request, rows };
}
