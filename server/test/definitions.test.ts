import { type CollectionDefinition, type Collections, DefinitionError, defineCollections } from '@breakwater/crdt';
import { describe, expect, test } from 'vitest';
import { createServer } from '../src/server.ts';
import { openSqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { createHubWorld, notes, rowOf } from './hub-world.ts';
import { noteDefinitions } from './note-definitions.ts';
import { insert, remove, update, withContent } from './note-writes.ts';

type Properties = CollectionDefinition['schema']['properties'];

describe('schemas', () => {
  test('[HB47] what RxDB adds to JSON schema means nothing to the server', async () => {
    const own = { type: 'object' };
    const world = createHubWorld({
      collections: define(
        {
          title: {
            type: 'string',
            maxLength: 40,
            default: 'untitled',
            final: true,
            ref: 'people',
            format: 'a format of the app',
          },
          _deleted: { type: 'boolean' },
          _rev: { type: 'string', minLength: 3 },
          _meta: { ...own, required: ['lwt'] },
          _attachments: own,
        },
        {
          version: 3,
          indexes: ['title'],
          keyCompression: false,
          encrypted: [],
          attachments: { encrypted: false },
          sharding: { shards: 2, mode: 'collection' },
          internalIndexes: [],
          required: ['id', 'title', '_deleted', '_rev', '_meta', '_attachments'],
        },
      ),
    });
    const writer = world.join();
    expect(await writer.push(notes(rowOf('a', { title: 'x' })))).toMatchObject(stored(1));
    expect(await writer.push(notes(rowOf('b', {})))).toMatchObject(refused('title: is required'));
  });

  test('[HB47] a field that the device encrypts may be anything', async () => {
    const world = createHubWorld({
      collections: define(
        { secret: { type: 'number' }, at: { type: 'object', properties: { city: { type: 'string', maxLength: 5 } } } },
        { encrypted: ['secret', 'at.city'] },
      ),
    });
    const row = insert('a', { secret: 'U2FsdGVkX18', 'at.city': 'U2FsdGVkX18' });
    expect(await world.join().push(notes(row))).toMatchObject(stored(1));
  });

  test('[HB47] references, whatever the names on their way', async () => {
    const world = createHubWorld({
      collections: define(
        { 'a/b': { type: 'object', properties: { 'c~d %': { $ref: '#/definitions/short' } } } },
        { definitions: { short: { type: 'string', maxLength: 2 } } },
      ),
    });
    const writer = world.join();
    await writer.push(notes(insert('a', {})));
    const path = 'a/b.c~d %25';
    expect(await writer.push(notes(update('a', { [path]: 'ok' })))).toMatchObject(stored(2));
    const reason = 'a/b.c~d %: must NOT have more than 2 characters';
    expect(await writer.push(notes(update('a', { [path]: 'long' })))).toMatchObject(refused(reason));
  });

  test('[HB47] a multiple is one within the precision of numbers', async () => {
    const world = createHubWorld({ collections: define({ price: { type: 'number', multipleOf: 0.01 } }) });
    const writer = world.join();
    expect(await writer.push(notes(rowOf('a', { price: 0.07 }), rowOf('b', { price: 123_456.78 })))).toMatchObject({
      groups: [{ results: [{ kind: 'stored' }, { kind: 'stored' }] }],
    });
    const reason = 'price: must be multiple of 0.01';
    expect(await writer.push(notes(rowOf('c', { price: 0.075 })))).toMatchObject(refused(reason));
  });

  test('[HB47] items are unique by value', async () => {
    const world = createHubWorld({ collections: define({ tags: { type: 'array', uniqueItems: true } }) });
    const writer = world.join();
    const tags = [{ x: 1, y: 2 }, { x: 2 }, 1, '1', null];
    expect(await writer.push(notes(rowOf('a', { tags })))).toMatchObject(stored(1));
    const twice = rowOf('b', { tags: [...tags, { y: 2, x: 1 }] });
    expect(await writer.push(notes(twice))).toMatchObject(refused('tags: must not have an item twice'));
  });

  test.each([
    ['does not compile', define({ title: { type: 'strange' } }), /^notes: the schema cannot be compiled: /],
    ['refers to nothing', define({ title: { $ref: '#/nowhere' } }), /^notes: the schema cannot be compiled: .*nowhere/],
    [
      'was not made by defineCollections',
      { notes: { schema: noteDefinitions.notes.schema } } as unknown as Collections,
      'notes: the server takes names of collections, or what defineCollections answers',
    ],
  ])(
    '[HB47] a definition that %s is an error at the start, before data is touched',
    async (_, collections, message) => {
      const dataDir = '/dev/null/no directory';
      const failure = await createServer({ dataDir, collections }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(DefinitionError);
      expect(failure).toMatchObject({ message: expect.stringMatching(message) });
    },
  );
});

describe('documents', () => {
  test('[HB48] with definitions the stored document is the one that an app shows', async () => {
    const { store, documents } = createReadableStore();
    const writer = createHubWorld({ store, collections: noteDefinitions }).join();
    const body = withContent({ field: 'body', kind: 'text', value: 'low tide' });
    const rich = withContent({ field: 'tags', kind: 'set', value: ['b', 'a'] }, { before: body });
    await writer.push(notes(insert('a', { 'likes.one': 3, 'likes.two': 2, 'address.zip': '1', pinned: true }, rich)));
    const document = {
      id: 'a',
      title: 'a note',
      address: { zip: '1' },
      pinned: true,
      body: 'low tide',
      tags: ['a', 'b'],
      steps: [],
      likes: 5,
    };
    expect(documents.get('a')).toEqual(document);
    await writer.push(notes(update('a', { 'likes.one': 4, 'address.zip': undefined })));
    const { address, ...rest } = document;
    expect(documents.get('a')).toEqual({ ...rest, likes: 6 });
    await writer.push(notes(remove('a')));
    expect(documents.get('a')).toEqual({ ...rest, likes: 6 });
  });

  test('[HB48] what the definition has no place for does not hide what it has', async () => {
    const { store, documents } = createReadableStore();
    const writer = createHubWorld({ store, collections: noteDefinitions }).join();
    const odd = { id: 'another', address: 'here', 'title.short': 'n', body: 7, 'likes.r.x': 1, 'address.floor': 2 };
    await writer.push(notes(insert('a', { ...odd, 'address.zip': '1', 'more.or': 'less' })));
    expect(documents.get('a')).toEqual({
      id: 'a',
      title: 'a note',
      address: { zip: '1', floor: 2 },
      more: { or: 'less' },
      body: '',
      tags: [],
      steps: [],
      likes: 0,
    });
  });

  test('[HB48] what an older version of the app did not write is filled in as an app does', async () => {
    const { store, documents } = createReadableStore();
    await createHubWorld({ store })
      .join()
      .push(notes(rowOf('a', { rating: 1 })));
    const writer = createHubWorld({ store, collections: noteDefinitions }).join();
    expect(await writer.push(notes(update('a', { rating: 2 })))).toMatchObject(stored(2));
    expect(documents.get('a')).toEqual({ id: 'a', title: '', rating: 2, body: '', tags: [], steps: [], likes: 0 });
  });

  test('[HB48] a required object is there without anybody writing it', async () => {
    const { store, documents } = createReadableStore();
    const at = { type: 'object', properties: { city: { type: 'string' } } };
    const writer = createHubWorld({ store, collections: define({ at }, { required: ['at'] }) }).join();
    expect(await writer.push(notes(rowOf('a', {})))).toMatchObject(stored(1));
    expect(documents.get('a')).toEqual({ id: 'a', at: {} });
  });

  test('[HB48] without definitions it is what the registers hold', async () => {
    const { store, documents } = createReadableStore();
    const writer = createHubWorld({ store, collections: ['notes'] }).join();
    const body = withContent({ field: 'body', kind: 'text', value: 'low tide' });
    await writer.push(notes(insert('a', { 'likes.one': 3 }, body)));
    expect(documents.get('a')).toEqual({ title: 'a note', likes: { one: 3 } });
  });
});

function define(properties: Properties, rest: Partial<CollectionDefinition['schema']> = {}): Collections {
  const schema: CollectionDefinition['schema'] = {
    version: 0,
    primaryKey: 'id',
    type: 'object',
    ...rest,
    properties: { id: { type: 'string', maxLength: 100 }, ...properties },
  };
  return defineCollections({ notes: { schema } });
}

function stored(seq: number) {
  return { groups: [{ results: [{ kind: 'stored', seq }] }] };
}

function refused(reason: string) {
  return { groups: [{ results: [{ kind: 'refused', code: 'invalid', reason }] }] };
}

/** A store, and the documents in it by their ids. */
function createReadableStore() {
  const inner = openSqliteStore(':memory:');
  const documents = new Map<string, unknown>();
  const store: Store = {
    ...inner,
    async commit(tenant, keys, decide) {
      const commit = await inner.commit(tenant, keys, decide);
      for (const { id, doc } of commit.rows) documents.set(id, JSON.parse(doc));
      return commit;
    },
  };
  return { store, documents };
}
