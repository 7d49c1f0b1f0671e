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
  const merged: RemoteRow[] = [];
  const down = createDown({
    async merge(remote, onLacking) {
      for (const row of remote) {
        if (row.base !== undefined && lacked.includes(row.id)) onLacking(row.id);
        else merged.push(row);
      }
      return [];
    },
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
  return { rows: merged, asked, checkpoints, merged: merged.map(({ id, seq, state }) => [id, seq, state.partial]) };
}

describe('rows that come as what is new in them', () => {
  it('[SY3] are merged where the row is as it was', async () => {
    const rows = [delta('a', 8, 7), delta('a', 9, 8)];
    expect(await applied(rows, [])).toMatchObject({ asked: [], checkpoints: [9], merged: [['a', 9, true]] });
  });

  it('[SY3] are asked for as a whole where it is not, before the checkpoint moves; the others go on', async () => {
    const rows = [delta('a', 8, 7), whole('b', 8), delta('a', 9, 8)];
    expect(await applied(rows, ['a'], [whole('a', 9)])).toMatchObject({
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
    expect(await applied(rows, ['a'])).toMatchObject({ asked: [], checkpoints: [9], merged: [['a', 9, false]] });
  });

  it('[SY3] stay apart as long as nothing whole is there to merge them with', async () => {
    const rows = [delta('a', 8, 7), delta('a', 9, 8)];
    const [row] = (await applied(rows, [])).rows;
    expect(row).toMatchObject({ seq: 9, base: 7, onTop: [{ partial: true }] });
    const [complete] = (await applied([...rows, whole('a', 10)], [])).rows;
    expect(complete).toMatchObject({ seq: 10, state: { partial: false } });
    expect([complete?.base, complete?.onTop]).toEqual([undefined, undefined]);
  });

  it('[SY3] need nothing of what came before a gap, whose end is here or asked for', async () => {
    const [row] = (await applied([delta('a', 8, 7), delta('a', 12, 10)], [])).rows;
    expect(row).toMatchObject({ seq: 12, base: 10 });
    expect(row?.onTop).toBeUndefined();
  });

  it('[SY3] are nothing when the server has the row no more', async () => {
    expect(await applied([delta('a', 9, 8)], ['a'])).toMatchObject({ asked: ['a'], checkpoints: [9], merged: [] });
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
