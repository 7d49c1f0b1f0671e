import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readFlags, readUint } from './number.ts';
import { type NewRowGroup, readNewRowGroup, writeNewRowGroup } from './row.ts';

/** Answers `pull`. After the last page the collection's new rows follow by themselves, as `rows`. */
export interface Page {
  readonly type: 'page';
  readonly request: number;
  readonly group: NewRowGroup;
  readonly last: boolean;
}

const LAST = 1;

export const page: Codec<Page> = {
  write(encoder, { request, group, last }) {
    encoding.writeVarUint(encoder, request);
    writeNewRowGroup(encoder, group);
    encoding.writeUint8(encoder, last ? LAST : 0);
  },
  read: (decoder) => ({
    type: 'page',
    request: readUint(decoder),
    group: readNewRowGroup(decoder),
    last: readFlags(decoder, LAST) === LAST,
  }),
};
