import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readList, writeList } from './list.ts';
import { readFlags, readUint } from './number.ts';
import { type RowGroup, readRowGroup, writeRowGroup } from './row.ts';

/** Local writes. The server commits the message as one transaction. Answered by `ack` or, as a whole, by `error`. */
export interface Push {
  readonly type: 'push';
  readonly request: number;
  /** A batch: its rows are stored together or not at all. Otherwise a row that is refused holds back no other. */
  readonly atomic: boolean;
  readonly groups: readonly RowGroup[];
}

const ATOMIC = 1;

export const push: Codec<Push> = {
  write(encoder, { request, atomic, groups }) {
    encoding.writeVarUint(encoder, request);
    encoding.writeUint8(encoder, atomic ? ATOMIC : 0);
    writeList(encoder, groups, writeRowGroup);
  },
  read: (decoder) => ({
    type: 'push',
    request: readUint(decoder),
    atomic: readFlags(decoder, ATOMIC) === ATOMIC,
    groups: readList(decoder, readRowGroup),
  }),
};
