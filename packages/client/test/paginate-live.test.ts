import { createManualScheduler } from '@breakwater/testing';
import type { RxDocument } from 'rxdb';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, test, vi } from 'vitest';
import { type Page, type PaginateOptions, paginate } from '../src/queries/paginate.ts';
import { openPorts, type Port, type PortsDatabase } from './ports.ts';

let database: PortsDatabase;

beforeEach(async () => {
  database = await openPorts(['name']);
  await database.ports.bulkInsert([...'bcdefghi'].map((name) => toPort(name)));
});

afterEach(() => database.close());

function toPort(name: string): Port {
  return { id: name, name, country: 'NO', berths: 1, isOpen: true };
}

function openPages(options: Partial<PaginateOptions> = {}, selector: object = {}) {
  const query = database.ports.find({ selector, sort: [{ name: 'asc' }] });
  return paginate(query, { pageSize: 3, everyMs: 0, ...options });
}

/** The ids of the page as it is shown, with signs for there being more. */
function toText({ documents, hasPrevious, hasNext }: Page<{ readonly id: string }>): string {
  return `${hasPrevious ? '< ' : ''}${documents.map(({ id }) => id).join('')}${hasNext ? ' >' : ''}`;
}

function watch(pages: ReturnType<typeof openPages>) {
  const shown: string[] = [];
  let isComplete = false;
  const subscription = pages.page$.subscribe({
    next: (page) => shown.push(toText(page)),
    complete: () => {
      isComplete = true;
    },
  });
  return {
    shown,
    shows: (text: string) => vi.waitFor(() => expect(shown.at(-1)).toBe(text)),
    get isComplete() {
      return isComplete;
    },
    end: () => subscription.unsubscribe(),
  };
}

describe('[PA5] a page that is watched follows what is written', () => {
  it('before it: it stays where it is', async () => {
    const pages = openPages({ total: true });
    const page = watch(pages);
    await pages.next();
    await page.shows('< efg >');
    await database.ports.bulkInsert([toPort('a'), toPort('bb')]);
    await database.ports.findOne('c').remove();
    await vi.waitFor(async () => expect((await pages.jumpToPage(1)).total).toBe(9));
    expect(page.shown.every((text) => ['bcd >', '< efg >', 'abbb >'].includes(text))).toBe(true);
    page.end();
  });

  it('in it: it shows what came and lets go of what went', async () => {
    const pages = openPages();
    const page = watch(pages);
    await pages.next();
    await database.ports.insert(toPort('ee'));
    await page.shows('< eeef >');
    await database.ports.findOne('e').remove();
    await page.shows('< eefg >');
    await database.ports.findOne('f').patch({ name: 'z' });
    await page.shows('< eegh >');
    page.end();
  });

  it('behind it: it knows whether there is more', async () => {
    const pages = openPages();
    const page = watch(pages);
    expect(toText(await pages.last())).toBe('< ghi');
    await database.ports.insert(toPort('j'));
    await page.shows('< ghi >');
    await database.ports.findOne('j').remove();
    await page.shows('< ghi');
    page.end();
  });

  it('at the top of the first page', async () => {
    const pages = openPages();
    const page = watch(pages);
    await page.shows('bcd >');
    await database.ports.insert(toPort('a'));
    await page.shows('abc >');
    await pages.next();
    expect(toText(await pages.previous())).toBe('abc >');
    await database.ports.insert(toPort('A'));
    await page.shows('Aab >');
    page.end();
  });

  it('when all of it is gone: the page before it is the last', async () => {
    const pages = openPages();
    const page = watch(pages);
    await pages.last();
    await database.ports.bulkRemove(['g', 'h', 'i']);
    await page.shows('< def');
    expect(toText(await pages.first())).toBe('bcd >');
    await pages.next();
    await database.ports.bulkInsert(['g', 'h'].map(toPort));
    await pages.next();
    await page.shows('< h');
    await database.ports.bulkRemove(['g', 'h']);
    await page.shows('< def');
    await database.ports.find().remove();
    await page.shows('');
    page.end();
  });

  it('and says nothing of what does not concern it', async () => {
    const pages = openPages({}, { country: 'FR' });
    const page = watch(pages);
    await page.shows('');
    const read = vi.spyOn(database.ports.storageInstance, 'query');
    await database.ports.insert(toPort('a'));
    await pages.first();
    // Only what first() itself reads.
    expect(read).toHaveBeenCalledTimes(1);
    expect(page.shown).toEqual(['']);
    page.end();
  });
});

it('[PA6] while much is written it is read at most once in everyMs', async () => {
  const scheduler = createManualScheduler();
  const pages = openPages({ everyMs: 100, scheduler });
  const page = watch(pages);
  await page.shows('bcd >');
  const read = vi.spyOn(database.ports.storageInstance, 'query');
  for (const name of ['a1', 'a2', 'a3']) await database.ports.insert(toPort(name));
  expect(read).not.toHaveBeenCalled();
  scheduler.advance(100);
  await page.shows('a1a2a3 >');
  expect(read).toHaveBeenCalledTimes(1);
  page.end();
});

it('[PA6] a storage that is slower than that is asked for one page at a time', async () => {
  const scheduler = createManualScheduler();
  const pages = openPages({ everyMs: 100, scheduler });
  const page = watch(pages);
  await page.shows('bcd >');
  const { storageInstance } = database.ports;
  const read = storageInstance.query.bind(storageInstance);
  const goOn: (() => void)[] = [];
  const slow = vi.spyOn(storageInstance, 'query').mockImplementation(async (prepared) => {
    await new Promise<void>((resolve) => goOn.push(resolve));
    return read(prepared);
  });
  for (const name of ['a1', 'a2', 'a3']) {
    await database.ports.insert(toPort(name));
    await scheduler.advanceAsync(200);
  }
  expect(slow).toHaveBeenCalledTimes(1);
  slow.mockRestore();
  goOn[0]?.();
  await page.shows('a1a2a3 >');
  page.end();
});

it('[PA7] nothing is left when the last one unsubscribes, and it begins anew with the next', async () => {
  const scheduler = createManualScheduler();
  const pages = openPages({ everyMs: 100, scheduler });
  const [first, second] = [watch(pages), watch(pages)];
  await first.shows('bcd >');
  first.end();
  await database.ports.insert(toPort('a'));
  scheduler.advance(100);
  await second.shows('abc >');
  second.end();
  expect(scheduler.waiting).toBe(0);
  expect(database.ports.onClose).toHaveLength(0);
  const read = vi.spyOn(database.ports.storageInstance, 'query');
  await database.ports.insert(toPort('aa'));
  expect(read).not.toHaveBeenCalled();
  const third = watch(pages);
  await third.shows('aaab >');
  third.end();
});

it('[PA8] completes with its collection; after that every step says that it is closed', async () => {
  const pages = openPages();
  const page = watch(pages);
  await page.shows('bcd >');
  await database.ports.remove();
  expect(page.isComplete).toBe(true);
  await expect(pages.next()).rejects.toThrow('paginate: the collection ports is closed');
  const late = watch(pages);
  expect(late.isComplete).toBe(true);
});

it('[PA9] stays within the ends, whatever it is told', async () => {
  const pages = openPages({ total: true });
  expect(toText(await pages.previous())).toBe('bcd >');
  expect(toText(await pages.last())).toBe('< ghi');
  expect(toText(await pages.next())).toBe('< ghi');
  expect(toText(await pages.previous())).toBe('< def >');
  expect(toText(await pages.previous())).toBe('bcd >');
  expect(await pages.jumpToPage(3)).toMatchObject({ start: 6, total: 8, hasNext: false });
  expect(toText(await pages.jumpToPage(99))).toBe('< ghi');
  expect(toText(await pages.jumpToRow(4))).toBe('< fgh >');
  expect(toText(await pages.first())).toBe('bcd >');
});

it('[PA10] steps that are asked for at once are taken one after the other', async () => {
  const pages = openPages();
  const texts = (await Promise.all([pages.next(), pages.next(), pages.previous()])).map(toText);
  expect(texts).toEqual(['< efg >', '< hi', '< efg >']);
});

describe('[PA11] what cannot be paged is refused by name', () => {
  test.each<[string, () => unknown, string]>([
    ['a limit', () => paginate(database.ports.find({ limit: 5 }), { pageSize: 1 }), 'the query of ports has a limit'],
    ['a skip', () => paginate(database.ports.find({ skip: 5 }), { pageSize: 1 }), 'the query of ports has a skip'],
    ['a count', () => paginate(database.ports.count() as never, { pageSize: 1 }), 'ports.find(), not by count()'],
    ['a page size of 0', () => openPages({ pageSize: 0 }), 'pageSize must be a whole number from 1, not 0'],
    [
      'an array to sort by',
      () => paginate(database.ports.find({ sort: [{ tags: 'asc' }] }), { pageSize: 1 }),
      'ports cannot be sorted by \'tags\', whose type is "array"',
    ],
    [
      'an unknown field',
      () => paginate(database.ports.find({ sort: [{ nope: 'asc' } as never] }), { pageSize: 1 }),
      "the schema of ports has no field 'nope'",
    ],
  ])('%s', (_name, attempt, message) => {
    expect(attempt).toThrow(message);
  });

  it('pages and rows that are none', async () => {
    await expect(openPages().jumpToPage(0)).rejects.toThrow(
      'the number of a page must be a whole number from 1, not 0',
    );
    await expect(openPages().jumpToRow(-1)).rejects.toThrow('a row must be a whole number from 0, not -1');
  });
});

it('[PA12] documents have the type that the query has', async () => {
  const { documents } = await openPages().first();
  expectTypeOf(documents[0]?.name).toEqualTypeOf<string | undefined>();
  expectTypeOf<Page<RxDocument<Port>>['documents']>().toExtend<readonly { readonly berths: number }[]>();
  // @ts-expect-error: the schema has no such property
  expect(documents[0]?.nope).toBeUndefined();
});
