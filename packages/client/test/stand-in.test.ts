import { describe, expect, it } from 'vitest';
import { isStorageFull } from '../src/storage/quota.ts';
import { createStandIn, readStandIn, withGivenBytes, withStandIns } from '../src/storage/stand-in.ts';

const digest = 'a'.repeat(64);
const other = 'b'.repeat(64);

type Row = Parameters<typeof withStandIns>[0];
const row = (before: object | undefined, after: object) => {
  const previous = before === undefined ? {} : { previous: { _attachments: before } };
  return { ...previous, document: { _attachments: after } } as unknown as Row;
};
const named = (of: string, data?: Blob) => ({ digest: of, length: 5, type: 'image/png', ...(data ? { data } : {}) });

describe('what stands in for bytes', () => {
  it('[AT2] has their length, and tells the part that is here', async () => {
    expect(createStandIn(digest, 1_000).size).toBe(1_000);
    const standIn = await readStandIn(createStandIn(digest, 1_000, new Blob(['low tide'])));
    expect(standIn?.digest).toBe(digest);
    expect(await standIn?.part.text()).toBe('low tide');
    expect((await readStandIn(createStandIn(digest, 1_000)))?.part.size).toBe(0);
  });

  it('[AT2] is told from bytes', async () => {
    const text = await createStandIn(digest, 10).text();
    for (const bytes of ['low tide', '', text.slice(0, -1), text.replace('breakwater', 'Breakwater')]) {
      expect(await readStandIn(new Blob([bytes]))).toBeUndefined();
    }
  });

  it('[AT2] takes the place of what RxDB would miss: a new name, and a new digest under a known one', () => {
    const hasData = ({ document }: Row) =>
      Object.entries(document._attachments as { [name: string]: object }).map(([name, value]) => [
        name,
        'data' in value,
      ]);
    const before = { kept: named(digest), replaced: named(digest) };
    const after = { kept: named(digest), replaced: named(other), added: named(digest), constructor: named(digest) };
    expect(hasData(withStandIns(row(before, after)))).toEqual([
      ['kept', false],
      ['replaced', true],
      ['added', true],
      ['constructor', true],
    ]);
  });

  it('[AT6] gives way to bytes: RxDB would not store those of a digest that it knows', () => {
    const given = withGivenBytes(row({ a: named(digest), b: named(digest) }, { a: named(digest, new Blob(['x'])) }));
    expect(given.previous?._attachments).toEqual({ b: named(digest) });
  });
});

describe('a full device', () => {
  it('[AT9] is known by its error, however deep it lies in others', () => {
    const full = Object.assign(new Error('no room'), { name: 'QuotaExceededError' });
    for (const error of [
      full,
      Object.assign(new Error('aborted'), { inner: full }),
      new Error('failed', { cause: Object.assign(new Error('bulk'), { failures: [new Error('other'), full] }) }),
      { parameters: { errors: [{ error: full }] } },
    ]) {
      expect(isStorageFull(error)).toBe(true);
    }
    const endless: { cause?: unknown } = {};
    endless.cause = endless;
    for (const error of [new Error('no room'), 'QuotaExceededError', null, endless]) {
      expect(isStorageFull(error)).toBe(false);
    }
  });
});
