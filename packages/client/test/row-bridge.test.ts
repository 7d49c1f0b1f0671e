import { NO_STAMP } from '@breakwater/crdt';
import { createManualScheduler, settlePromises } from '@breakwater/testing';
import type { RxCollection } from 'rxdb';
import { NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { bridgeRow } from '../src/live/row-bridge.ts';
import type { LocalRow } from '../src/storage/document-row.ts';
import type { LiveEdit, LiveRows } from '../src/storage/live-rows.ts';

const ROW = {
  id: 'a',
  state: { generation: NO_STAMP, registers: new Map(), partial: false },
  replaced: 0,
  document: { _rev: '1-x', _deleted: false },
} as unknown as LocalRow;

/** A bridge to rows of which the test says how a write of them goes. */
async function setUp(store: () => Promise<void> = async () => {}) {
  const scheduler = createManualScheduler();
  const doc = new Y.Doc();
  const written: string[] = [];
  const errors: unknown[] = [];
  const rows: LiveRows = {
    read: async () => ROW,
    changesOf: () => NEVER,
    async write({ typed }: LiveEdit) {
      await store();
      const read = new Y.Doc();
      Y.applyUpdate(read, typed);
      written.push(read.getText('body').toString());
      return ROW;
    },
  };
  const collection = { name: 'notes' } as RxCollection;
  const onParting = () => {};
  const onError = (error: unknown) => void errors.push(error);
  const bridge = await bridgeRow({ collection, rows, id: 'a', doc, scheduler, onParting, onError });
  const type = (text: string) => doc.getText('body').insert(doc.getText('body').length, text);
  return { bridge, scheduler, doc, type, written, errors };
}

describe('between an open document and its row', () => {
  it('[LE6] what is typed within 300 ms is one write', async () => {
    const { scheduler, type, written } = await setUp();
    type('Low');
    await scheduler.advanceAsync(200);
    type(' tide');
    await scheduler.advanceAsync(99);
    expect(written).toEqual([]);
    await scheduler.advanceAsync(1);
    expect(written).toEqual(['Low tide']);
    await scheduler.advanceAsync(60_000);
    expect(written).toHaveLength(1);
  });

  it('[LE6] who never pauses is written all the same', async () => {
    const { scheduler, type, written } = await setUp();
    for (let i = 0; i < 20; i++) {
      type('x');
      await scheduler.advanceAsync(50);
    }
    expect(written.length).toBeGreaterThanOrEqual(2);
  });

  it('[LE20] what cannot be stored is told, and tried again after 5 s with what was typed meanwhile', async () => {
    let isBroken = true;
    const { scheduler, type, written, errors } = await setUp(async () => {
      if (isBroken) throw new Error('the disk is full');
    });
    type('Low');
    await scheduler.advanceAsync(300);
    expect(errors).toEqual([new Error('the disk is full')]);
    type(' tide');
    isBroken = false;
    await scheduler.advanceAsync(4_999);
    expect(written).toEqual([]);
    await scheduler.advanceAsync(1);
    expect(written).toEqual(['Low tide']);
    expect(errors).toHaveLength(1);
  });

  it('[LE20] after a write that took long comes ten times as long a rest', async () => {
    let finish = () => {};
    const { scheduler, type, written } = await setUp(() => new Promise((resolve) => (finish = resolve)));
    type('Low');
    await scheduler.advanceAsync(300);
    await scheduler.advanceAsync(200);
    finish();
    await settlePromises();
    type(' tide');
    await scheduler.advanceAsync(1_999);
    expect(written).toHaveLength(1);
    await scheduler.advanceAsync(1);
    finish();
    await settlePromises();
    expect(written).toHaveLength(2);
  });

  it('[LE6] what is typed while it ends is written, too', async () => {
    const finish: (() => void)[] = [];
    const { bridge, type, doc } = await setUp(() => new Promise((resolve) => finish.push(resolve)));
    type('Low');
    const ended = bridge.end();
    await settlePromises();
    type(' tide');
    finish.shift()?.();
    await settlePromises();
    expect(finish).toHaveLength(1);
    finish.shift()?.();
    await ended;
    expect(doc.getText('body').toString()).toBe('Low tide');
  });
});
