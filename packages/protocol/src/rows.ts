import type { Codec } from './codec.ts';
import { readList, writeList } from './list.ts';
import { type NewRowGroup, readNewRowGroup, writeNewRowGroup } from './row.ts';

/** News of a commit, for every session that pulled the collection to its end. */
export interface Rows {
  readonly type: 'rows';
  readonly groups: readonly NewRowGroup[];
}

export const rows: Codec<Rows> = {
  write: (encoder, { groups }) => writeList(encoder, groups, writeNewRowGroup),
  read: (decoder) => ({ type: 'rows', groups: readList(decoder, readNewRowGroup) }),
};
