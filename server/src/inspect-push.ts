import { decodeState, MalformedError, type State } from '@breakwater/crdt';
import type { RefusalCode, Row, RowGroup, RowResult } from '@breakwater/protocol';
import { type IsCollection, isName } from './collection-names.ts';
import { MAX_NAME_BYTES } from './limits.ts';
import type { RowKey } from './store.ts';

export interface PushRules {
  readonly isCollection: IsCollection;
  readonly maxRowBytes: number;
}

/** A pushed row that may be merged. */
export interface Incoming {
  readonly kind: 'incoming';
  readonly key: RowKey;
  readonly row: Row;
  readonly state: State;
}

export type Refused = Extract<RowResult, { kind: 'refused' }>;

/** Looks at each row of a push by itself, in their order. What is refused here is refused whatever the store holds. */
export function inspectPush(groups: readonly RowGroup[], rules: PushRules): (Incoming | Refused)[] {
  return groups.flatMap(({ collection, rows }) => rows.map((row) => inspectRow(collection, row, rules)));
}

function inspectRow(collection: string, row: Row, { isCollection, maxRowBytes }: PushRules): Incoming | Refused {
  if (!isCollection(collection)) {
    return refuse('unknown-collection', `the server has no collection '${shorten(collection)}'`);
  }
  if (!isName(row.id)) {
    return refuse('malformed', `an id is a text of 1 to ${MAX_NAME_BYTES} bytes without U+0000`);
  }
  if (row.bytes.length > maxRowBytes) return refuseSize(row.bytes.length, maxRowBytes);
  try {
    return { kind: 'incoming', key: { collection, id: row.id }, row, state: decodeState(row.bytes) };
  } catch (error) {
    if (error instanceof MalformedError) return refuse('malformed', shorten(error.message));
    throw error;
  }
}

export function refuse(code: RefusalCode, reason: string): Refused {
  return { kind: 'refused', code, reason };
}

/** The same words whatever the reason, so that they tell nothing of it. */
export function refuseForbidden(): Refused {
  return refuse('forbidden', 'this user may not write this');
}

export function refuseSize(bytes: number, maxRowBytes: number): Refused {
  return refuse('too-large', `the row has ${bytes} bytes, and the server takes ${maxRowBytes}`);
}

/** For messages that quote what came from outside, where a text may be as long as a frame. */
export function shorten(text: string, maxLength = 100): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength).toWellFormed()}…`;
}
