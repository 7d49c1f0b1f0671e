import * as encoding from 'lib0/encoding';
import type { Codec } from './codec.ts';
import { readFlags, readUint } from './number.ts';
import { type Row, readRow, writeRow } from './row.ts';

/** Answers `get`: the whole row, unless there is none that the session may read. */
export interface Got {
  readonly type: 'got';
  readonly request: number;
  readonly row?: Row;
}

const HAS_ROW = 1;

export const got: Codec<Got> = {
  write(encoder, { request, row }) {
    encoding.writeVarUint(encoder, request);
    encoding.writeUint8(encoder, row === undefined ? 0 : HAS_ROW);
    if (row !== undefined) writeRow(encoder, row);
  },
  read(decoder) {
    const request = readUint(decoder);
    const hasRow = readFlags(decoder, HAS_ROW) === HAS_ROW;
    return { type: 'got', request, ...(hasRow ? { row: readRow(decoder) } : {}) };
  },
};
