import { NO_STAMP, readRich, type Stamp, type State } from '@breakwater/crdt';
import type { Key } from './definitions.ts';

/** What users put into texts and sets: each piece is unique, so that it can be asked where it has gone. */
export interface Contents {
  insert(key: Key, piece: string, by: Author): void;
  /** Somebody has removed it: it may be there or not. */
  free(key: Key, piece: string): void;
  /** What the device has inserted was refused or undone: it must not be there, unless the server had stored it before. */
  ban(key: Key, isBanned: (piece: string) => boolean, by: Author): void;
  /** The server has stored these contents. */
  stored(key: Key, state: State): void;
  move(key: Key, from: Stamp, to: Stamp): void;
  /** The row was purged. */
  share(key: Key): void;
  /** What is wrong with the contents of a row that is not deleted. */
  faultsOf(holder: string, key: Key, state: State): string[];
}

export interface Author {
  readonly device: string;
  readonly generation: Stamp;
}

interface Piece extends Author {
  readonly fate: 'wanted' | 'free' | 'banned';
  readonly isStored: boolean;
  /** Several may have it to insert again: what they knew was purged, and is in their inboxes. */
  readonly isShared: boolean;
}

const FIELDS = [
  ['story', 'text'],
  ['tags', 'set'],
] as const;

export function createContents(): Contents {
  const piecesByKey = new Map<Key, Map<string, Piece>>();

  function set(key: Key, piece: string, change: Partial<Piece>): void {
    const pieces = piecesByKey.get(key) ?? new Map<string, Piece>();
    piecesByKey.set(key, pieces);
    pieces.set(piece, {
      device: '',
      generation: NO_STAMP,
      fate: 'free',
      isStored: false,
      isShared: false,
      ...pieces.get(piece),
      ...change,
    });
  }

  return {
    insert: (key, piece, by) => set(key, piece, { ...by, fate: 'wanted', isStored: false }),
    free: (key, piece) => set(key, piece, { fate: 'free' }),
    ban(key, isBanned, { device, generation }) {
      for (const [piece, known] of piecesByKey.get(key) ?? []) {
        const isOwn = known.device === device && known.generation === generation && known.fate === 'wanted';
        if (isOwn && isBanned(piece)) set(key, piece, { fate: known.isStored ? 'free' : 'banned' });
      }
    },
    stored(key, { rich }) {
      const pieces = piecesByKey.get(key);
      if (pieces === undefined) return;
      for (const piece of readPieces(rich))
        if (pieces.get(piece)?.isStored === false) set(key, piece, { isStored: true });
    },
    move(key, from, to) {
      for (const [piece, { generation }] of piecesByKey.get(key) ?? []) {
        if (generation === from) set(key, piece, { generation: to });
      }
    },
    share(key) {
      for (const piece of piecesByKey.get(key)?.keys() ?? []) set(key, piece, { fate: 'free', isShared: true });
    },
    faultsOf(holder, key, { generation, rich }) {
      const pieces = piecesByKey.get(key);
      if (pieces === undefined) return [];
      const shown = readPieces(rich);
      const faults: string[] = [];
      for (const [piece, { generation: written, fate, isShared }] of pieces) {
        if (written !== generation) continue;
        const times = shown.filter((each) => each === piece).length;
        if (fate === 'wanted' && !isShared && times === 0) faults.push(`${holder} lost the piece ${piece} of ${key}`);
        if (fate === 'banned' && !isShared && times > 0)
          faults.push(`${holder} has ${piece} in ${key}, which was refused or undone`);
        if (times > 1 && !isShared) faults.push(`${holder} has ${piece} ${times} times in ${key}`);
      }
      return faults;
    },
  };
}

function readPieces(rich: State['rich']): string[] {
  return rich === undefined ? [] : piecesOf(readRich(rich, FIELDS));
}

/** The pieces that a document shows. */
export function piecesOf({ story, tags }: { readonly [field: string]: unknown }): string[] {
  return [...((story as string | undefined) ?? ''), ...((tags as string[] | undefined) ?? [])];
}
