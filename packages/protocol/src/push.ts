import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readList, writeList } from './list.ts';
import { readUint } from './number.ts';
import { type RowGroup, readRowGroup, writeRowGroup } from './row.ts';

/** Local writes. The server commits the message as one transaction. Answered by `ack` or, as a whole, by `error`. */
export interface Push {
  readonly type: 'push';
  readonly request: number;
  readonly groups: readonly RowGroup[];
}

export const push: Codec<Push> = {
  write(encoder, { request, groups }) {
    encoding.writeVarUint(encoder, request);
    writeList(encoder, groups, writeRowGroup);
  },
  read: (decoder) => ({
    type: 'push',
    request: readUint(decoder),
    groups: readList(decoder, readRowGroup),
  }),
};
