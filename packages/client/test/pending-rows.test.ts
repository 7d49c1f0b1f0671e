import { describe, expect, it } from 'vitest';
import { createPendingRows } from '../src/sync/pending-rows.ts';

describe('pending rows', () => {
  it('[PE1] counts rows and bytes', () => {
    const pending = createPendingRows();
    pending.update([
      { id: 'a', bytes: 10, height: 1 },
      { id: 'b', bytes: 20, height: 1 },
    ]);
    pending.update([{ id: 'a', bytes: 15, height: 2 }]);
    expect([pending.rows, pending.bytes]).toEqual([2, 35]);
    pending.update([{ id: 'b', bytes: 0, height: 1 }]);
    expect([pending.rows, pending.bytes]).toEqual([1, 15]);
  });

  it('[PE2] an ack that is heard of after a newer local write does not hide that write', () => {
    const pending = createPendingRows();
    pending.update([{ id: 'a', bytes: 10, height: 1 }]);
    pending.update([{ id: 'a', bytes: 12, height: 2 }]);
    pending.update([{ id: 'a', bytes: 0, height: 1 }]);
    expect(pending.rows).toBe(1);
  });

  it('[PE3] a row is taken by one push at a time', () => {
    const pending = createPendingRows();
    pending.update(['a', 'b', 'c'].map((id) => ({ id, bytes: 1, height: 1 })));
    expect(pending.take(2)).toEqual(['a', 'b']);
    expect(pending.take(2)).toEqual(['c']);
    pending.release(['a']);
    expect(pending.take(2)).toEqual(['a']);
  });

  it('[PE3] a batch takes all of its rows, or none while one of them is on its way', () => {
    const pending = createPendingRows();
    pending.update(['a', 'b'].map((id) => ({ id, bytes: 1, height: 1 })));
    expect(pending.take(1)).toEqual(['a']);
    expect(pending.takeAll(['b', 'a'])).toBe(false);
    expect(pending.take(2)).toEqual(['b']);
    pending.release(['a', 'b']);
    expect([pending.takeAll(['b', 'a']), pending.take(2)]).toEqual([true, []]);
  });

  it('[PE4] a taken row that was found clean is dropped, unless it has changed meanwhile', () => {
    const pending = createPendingRows();
    pending.update(['a', 'b'].map((id) => ({ id, bytes: 1, height: 1 })));
    pending.take(2);
    pending.update([{ id: 'b', bytes: 5, height: 2 }]);
    pending.drop('a');
    pending.drop('b');
    expect([pending.rows, pending.bytes]).toEqual([1, 5]);
  });

  it('[PE5] a row whose whole is asked for stays pending until the whole was stored', () => {
    const pending = createPendingRows();
    pending.update([{ id: 'a', bytes: 10, height: 1 }]);
    pending.requireWhole('a');
    pending.update([{ id: 'a', bytes: 0, height: 1 }]);
    expect(pending.rows).toBe(1);
    pending.wholeStored('a');
    pending.update([{ id: 'a', bytes: 0, height: 1 }]);
    expect(pending.rows).toBe(0);
  });

  it('[MU8] a row of a batch is never taken alone', () => {
    const pending = createPendingRows();
    pending.update([
      { id: 'a', bytes: 1, height: 1, batches: ['1'] },
      { id: 'b', bytes: 1, height: 1 },
    ]);
    expect([pending.take(2), pending.batchedIds()]).toEqual([['b'], ['a']]);
  });
});
