import { EMPTY_STATE, encodeState, formatStamp, toPath } from '@breakwater/crdt';
import type { Row } from '@breakwater/protocol';
import { describe, expect, it } from 'vitest';
import type { Session } from '../src/connection/session.ts';
import type { RemoteRow } from '../src/storage/document-row.ts';
import { createDown } from '../src/sync/down.ts';

const SESSION = { signal: new AbortController().signal } as Session;

/** What comes of rows on a device that has none of these `lacked`, from a server that has these `onServer`. */
async function applied(rows: readonly Row[], lacked: readonly string[], onServer: readonly Row[] = []) {
  const asked: string[] = [];
  const checkpoints: number[] = [];
  let merged: readonly RemoteRow[] = [];
  const down = createDown({
    async merge(remote) {
      merged = remote;
      return [];
    },
    lacking: async (deltas) => deltas.map(({ id }) => id).filter((id) => lacked.includes(id)),
    async fetchRow(_session, id) {
      asked.push(id);
      return onServer.find((row) => row.id === id);
    },
    acknowledge: async () => [],
    acknowledgeRevoked: async () => [],
    onUnreadable: (id, cause) => {
      throw new Error(`'${id}' is unreadable`, { cause });
    },
    restamp: async () => [],
    setBack: async () => [],
    onPending() {},
    onCheckpoint: (checkpoint) => checkpoints.push(checkpoint),
  });
  await down.apply(SESSION, { rows, acknowledged: [], checkpoint: 9 });
  return { asked, checkpoints, merged: merged.map(({ id, seq, state }) => [id, seq, state.partial]) };
}

describe('rows that come as what is new in them', () => {
  it('[SY3] are merged where the row is as it was', async () => {
    const rows = [delta('a', 8, 7), delta('a', 9, 8)];
    expect(await applied(rows, [])).toEqual({ asked: [], checkpoints: [9], merged: [['a', 9, true]] });
  });

  it('[SY3] are asked for as a whole where it is not, before the checkpoint moves; the others go on', async () => {
    const rows = [delta('a', 8, 7), whole('b', 8), delta('a', 9, 8)];
    expect(await applied(rows, ['a'], [whole('a', 9)])).toEqual({
      asked: ['a'],
      checkpoints: [9],
      merged: [
        ['b', 8, false],
        ['a', 9, false],
      ],
    });
  });

  it('[SY3] need nothing when the whole row came right before them', async () => {
    const rows = [whole('a', 8), delta('a', 9, 8)];
    expect(await applied(rows, ['a'])).toEqual({ asked: [], checkpoints: [9], merged: [['a', 9, false]] });
  });

  it('[SY3] are nothing when the server has the row no more', async () => {
    expect(await applied([delta('a', 9, 8)], ['a'])).toEqual({ asked: ['a'], checkpoints: [9], merged: [] });
  });
});

function whole(id: string, seq: number): Row {
  return { id, seq, deleted: false, bytes: bytesAt(seq, false) };
}

function delta(id: string, seq: number, base: number): Row {
  return { id, seq, base, deleted: false, bytes: bytesAt(seq, true) };
}

function bytesAt(seq: number, partial: boolean): Uint8Array {
  const stamp = formatStamp({ ms: seq, counter: 0, node: 'otherother' });
  const registers = new Map([[toPath(['title']), { stamp, value: `at ${seq}` }]]);
  return encodeState({ ...EMPTY_STATE, partial, registers });
}
