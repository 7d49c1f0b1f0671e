import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { type NewRowGroup, readNewRowGroup, writeNewRowGroup } from './row.ts';

/** Answers `pull`. After the last page the collection's new rows follow by themselves, as `rows`. */
export interface Page {
  readonly type: 'page';
  readonly request: number;
  readonly group: NewRowGroup;
  readonly last: boolean;
}

export const page: Codec<Page> = {
  write(encoder, { request, group, last }) {
    encoding.writeVarUint(encoder, request);
    writeNewRowGroup(encoder, group);
    encoding.writeUint8(encoder, last ? 1 : 0);
  },
  read: (decoder) => ({
    type: 'page',
    request: decoding.readVarUint(decoder),
    group: readNewRowGroup(decoder),
    last: decoding.readUint8(decoder) === 1,
  }),
};
