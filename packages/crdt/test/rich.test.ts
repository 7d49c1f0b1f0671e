import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import {
  decodeState,
  delta,
  editRich,
  encodeState,
  formatStamp,
  type Json,
  MalformedError,
  MissingBaseError,
  merge,
  NO_STAMP,
  type Path,
  pick,
  type Rich,
  type RichKind,
  readRich,
  type State,
  sameState,
  vectorOf,
} from '../src/index.ts';
import { mergeRich } from '../src/rich/merge-rich.ts';
import { MAX_STRUCTS } from '../src/rich/scan.ts';
import { hexOf } from './bytes.ts';
import { checkProperty } from './check-property.ts';
import { author, createChance, playRichHistory, RICH_KINDS } from './rich-history.ts';
import { at } from './states.ts';

const histories = fc.integer({ min: 1, max: 1_000_000 }).map((seed) => playRichHistory(createChance(seed), 40));

/** Three snapshots of one history, each as a whole state. */
const states = fc
  .tuple(histories, fc.nat(), fc.nat(), fc.nat())
  .filter(([{ snapshots }]) => snapshots.length > 0)
  .map(([{ snapshots }, ...picks]) => picks.map((i) => wholeOf(snapshots[i % snapshots.length])) as Three);

type Three = [State, State, State];

function wholeOf(rich: Rich | undefined, generation = NO_STAMP): State {
  return { generation, registers: new Map(), partial: false, ...(rich && { rich }) };
}

function edit(rich: Rich | undefined, kind: RichKind, value: Json, clientId = 1): Rich | undefined {
  return editRich(rich, [{ field: 'field', kind, value }], author(clientId));
}

function written(kind: RichKind, value: Json, clientId = 1): State {
  return wholeOf(edit(undefined, kind, value, clientId));
}

function rewritten(state: State, kind: RichKind, value: Json, clientId: number): State {
  return { ...state, rich: edit(state.rich, kind, value, clientId) };
}

function shown({ rich }: State, kind: RichKind): Json | undefined {
  return readRich(rich, [['field', kind]]).field;
}

test('[RI1] merge is commutative, associative and idempotent over Yjs states', () => {
  checkProperty(
    fc.property(states, ([a, b, c]) => {
      expect(hexOf(merge(a, b))).toBe(hexOf(merge(b, a)));
      expect(hexOf(merge(merge(a, b), c))).toBe(hexOf(merge(a, merge(b, c))));
      expect(hexOf(merge(a, a))).toBe(hexOf(a));
      expect(hexOf(merge(merge(a, b), b))).toBe(hexOf(merge(a, b)));
    }),
  );
});

test('[RI2] one content has one sequence of bytes, whichever way it came about', () => {
  checkProperty(
    fc.property(histories, ({ snapshots, copies }) => {
      fc.pre(snapshots.length > 0);
      const inOrder = snapshots.map((rich) => wholeOf(rich)).reduce(merge);
      const backwards = snapshots.map((rich) => wholeOf(rich)).reduceRight(merge);
      const [latest] = [...copies.map((rich) => wholeOf(rich))].map((state) => merge(inOrder, state));
      const byYjs = new Y.Doc();
      Y.applyUpdate(byYjs, Y.mergeUpdates([...snapshots]));
      const loaded = editRich(Y.encodeStateAsUpdate(byYjs), [], author(99));
      expect(new Set([inOrder, backwards, latest, wholeOf(loaded)].map((state) => state && hexOf(state))).size).toBe(1);
    }),
    100,
  );
});

test('[RI3] a state with a Yjs state comes back from its bytes', () => {
  checkProperty(
    fc.property(states, ([state]) => {
      expect(decodeState(encodeState(state))).toEqual(state);
      expect(sameState(decodeState(encodeState(state)), state)).toBe(true);
    }),
  );
});

test('[RI4] delta(a, since) merged onto since is merge(a, since), and of what is known already it is empty', () => {
  checkProperty(
    fc.property(states, ([a, since]) => {
      const difference = decodeState(encodeState(delta(a, since)));
      expect(hexOf(merge(since, difference))).toBe(hexOf(merge(a, since)));
      expect(delta(since, merge(a, since)).rich).toBeUndefined();
    }),
  );
});

test('[RI5] pick brings the Yjs state along when a path has no register, beyond a known vector if one is given', () => {
  const base = written('text', 'x'.repeat(500));
  const later = rewritten(base, 'text', `${'x'.repeat(500)}y`, 2);
  const path = 'field' as Path;
  expect(pick(later, [path])).toEqual({ ...later, partial: true });
  const beyond = pick(later, [path], vectorOf(base.rich as Rich));
  expect(beyond.rich?.length).toBeLessThan(40);
  expect(hexOf(merge(base, beyond))).toBe(hexOf(later));
  const registers = new Map([['title' as Path, { stamp: at(1), value: 'x' }]]);
  expect(pick({ ...later, registers }, ['title' as Path]).rich).toBeUndefined();
});

test('[RI6] a vector from a state that is later is no error', () => {
  const base = written('text', 'abc');
  const later = rewritten(base, 'text', 'abcd', 2);
  const difference = pick(base, ['field' as Path], vectorOf(later.rich as Rich));
  expect(hexOf(merge(later, difference))).toBe(hexOf(later));
});

test('[RI7] a diff whose base is missing is a MissingBaseError, on either side, and touches nothing', () => {
  const base = written('text', 'abc');
  const difference = delta(rewritten(base, 'text', 'abcd', 2), base);
  const other = written('text', 'other', 3);
  const before = hexOf(other);
  for (const lacking of [wholeOf(undefined), other]) {
    expect(() => merge(lacking, difference)).toThrow(MissingBaseError);
    expect(() => merge(difference, lacking)).toThrow(MissingBaseError);
  }
  expect(hexOf(other)).toBe(before);
});

test('[RI8] the later generation has the Yjs state whole; equal generations merge', () => {
  const [old, young] = [written('text', 'old'), written('text', 'young', 2)];
  const revived = { ...young, generation: at(5) };
  expect(shown(merge(old, revived), 'text')).toBe('young');
  expect(merge(revived, { ...old, partial: true })).toEqual(revived);
  expect(merge(old, wholeOf(undefined, at(5))).rich).toBeUndefined();
  expect(shown(merge(old, young), 'text')).toHaveLength('oldyoung'.length);
});

describe('[RI9] a Yjs state that is no canonical one of text, lists and sets is a MalformedError', () => {
  const encode = (make: (doc: Y.Doc) => void) => {
    const doc = new Y.Doc();
    make(doc);
    return Y.encodeStateAsUpdate(doc);
  };
  const text = edit(undefined, 'text', 'abc') as Rich;
  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['an empty update', new Uint8Array([0, 0])],
    ['bytes after the end', new Uint8Array([...text, 0])],
    ['a type within a type', encode((doc) => doc.getMap('a').set('b', new Y.Text('c')))],
    ['formatted text', encode((doc) => doc.getText('a').insert(0, 'bold', { bold: true }))],
    ['an embedded object', encode((doc) => doc.getText('a').insertEmbed(0, { image: 'x' }))],
    ['binary content', encode((doc) => doc.getArray('a').push([new Uint8Array(3)]))],
    ['a document', encode((doc) => doc.getMap('a').set('b', new Y.Doc()))],
    ['a number that is none', encode((doc) => doc.getArray('a').push([Number.NaN]))],
    ['an undefined item', encode((doc) => doc.getMap('a').set('b', undefined))],
    ['more structs than there are bytes', new Uint8Array([1, 255, 255, 255, 127, 1, 0])],
    ['more deletions than there are bytes', new Uint8Array([0, 1, 1, 255, 255, 255, 127])],
    ['a diff that lacks its base', Y.diffUpdate(edit(text, 'text', 'abcd', 2) as Rich, vectorOf(text))],
    ['two updates that were only laid together', Y.mergeUpdates([text, edit(text, 'text', 'ac', 2) as Rich])],
    ['an item that depends on itself', new Uint8Array([1, 1, 1, 0, 132, 1, 0, 1, 97, 0])],
    ['deep nesting', encode((doc) => doc.getArray('a').push([nested(100)]))],
  ])('%s', (_name, bytes) => {
    expect(() => decodeState(encodeState(wholeOf(bytes)))).toThrow(MalformedError);
  });
});

function nested(levels: number): Json {
  let value: Json = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

test('[RI10] mutated Yjs states are refused, or are the canonical bytes of a state that merges', {
  timeout: 30_000,
}, () => {
  checkProperty(
    fc.property(states, fc.nat(), fc.nat(255), fc.boolean(), ([a, b], place, byte, partial) => {
      const rich = new Uint8Array(a.rich as Rich);
      rich[place % rich.length] = byte;
      const bytes = encodeState({ ...a, partial, rich });
      try {
        const state = decodeState(bytes);
        expect(Buffer.from(encodeState(state)).equals(bytes)).toBe(true);
        expect(decodeState(encodeState(merge(b, state)))).toBeDefined();
      } catch (error) {
        if (!(error instanceof MalformedError) && !(error instanceof MissingBaseError)) throw error;
      }
    }),
    2_000,
  );
});

test('[RI11] the number of structs is bounded, from outside and by what is written here', () => {
  const doc = new Y.Doc();
  const text = doc.getText('a');
  doc.transact(() => {
    for (let i = 0; i <= MAX_STRUCTS; i++) text.insert(0, 'x');
  });
  const rich = Y.encodeStateAsUpdate(doc);
  expect(() => decodeState(encodeState(wholeOf(rich)))).toThrow(`more than ${MAX_STRUCTS}`);
  expect(() => edit(rich, 'text', 'x')).toThrow(
    `field: text, lists and sets of a document hold at most ${MAX_STRUCTS}`,
  );
});

test('[RI12] a text is edited by the one piece that changed; surrogate pairs stay whole', () => {
  const base = written('text', 'one 😀 two');
  const [left, right] = [rewritten(base, 'text', 'ONE 😀 two', 2), rewritten(base, 'text', 'one 😁 two three', 3)];
  expect(shown(merge(left, right), 'text')).toBe('ONE 😁 two three');
});

test('[RI13] a list is edited item by item, by value', () => {
  const base = written('list', ['a', { x: 1, y: 2 }, 'c']);
  const [left, right] = [
    rewritten(base, 'list', ['a', { y: 2, x: 1 }, 'b', 'c'], 2),
    rewritten(base, 'list', [{ x: 1, y: 2 }, 'c', 'd'], 3),
  ];
  expect(shown(merge(left, right), 'list')).toEqual([{ x: 1, y: 2 }, 'b', 'c', 'd']);
});

test('[RI14] whatever two lists are, the edits make the second of the first, and touch no more than they must', () => {
  const items = fc.array(fc.constantFrom<Json>('a', 'b', 'c', 1, [1]), { maxLength: 12 });
  checkProperty(
    fc.property(items, items, (before, after) => {
      expect(shown(rewritten(written('list', before), 'list', after, 2), 'list')).toEqual(after);
    }),
  );
  const long = Array.from({ length: 1_000 }, (_, i) => i);
  const inner = long.toSpliced(100, 1).toSpliced(900, 0, -5);
  const bytes = (rewritten(written('list', long), 'list', inner, 2).rich as Rich).length;
  expect(bytes - (written('list', long).rich as Rich).length).toBeLessThan(60);
  const other = long.map((item) => -item - 1);
  expect(shown(rewritten(written('list', long), 'list', other, 2), 'list')).toEqual(other);
});

test('[RI15] a set merges member by member; a member that one adds while another removes it stays', () => {
  const base = written('set', ['a', 'b']);
  const [left, right] = [rewritten(base, 'set', ['a', 'c'], 2), rewritten(base, 'set', ['a', 'b', { x: 1 }], 3)];
  expect(shown(merge(left, right), 'set')).toEqual(['a', 'c', { x: 1 }]);
  const removed = rewritten(base, 'set', ['a'], 2);
  const addedAnew = rewritten(rewritten(base, 'set', ['a'], 3), 'set', ['a', 'b'], 3);
  expect(shown(merge(removed, addedAnew), 'set')).toEqual(['a', 'b']);
});

test('[RI16] equal first contents written apart are one; other contents are both kept', () => {
  const contents: [RichKind, Json][] = [
    ['text', 'same'],
    ['list', ['s', 'ame']],
    ['set', ['same']],
  ];
  for (const [kind, value] of contents) {
    const [left, right] = [written(kind, value, 2), written(kind, value, 3)];
    expect(shown(merge(left, right), kind)).toEqual(value);
    expect(hexOf(left)).toBe(hexOf(right));
  }
  expect(shown(merge(written('text', 'ab', 2), written('text', 'cd', 3)), 'text')).toMatch(/^(abcd|cdab)$/);
});

test('[RI17] the first content of another generation, field or document is another', () => {
  const edits = [{ field: 'field', kind: 'text' as const, value: 'same' }];
  const base = author(1);
  const stamp = formatStamp({ ms: 1, counter: 0, node: 'aaaaaaaaaa' });
  const others = [
    { ...base, id: 'b' },
    { ...base, collection: 'c' },
    { ...base, generation: stamp },
  ];
  const all = [editRich(undefined, edits, base), ...others.map((other) => editRich(undefined, edits, other))];
  expect(new Set(all.map((rich) => Buffer.from(rich as Rich).toString('hex'))).size).toBe(4);
});

test('[RI18] content that comes after the first is written under the writer’s own id', () => {
  const emptied = rewritten(written('text', 'same'), 'text', '', 2);
  const [left, right] = [rewritten(emptied, 'text', 'x', 3), rewritten(emptied, 'text', 'x', 4)];
  expect(shown(merge(left, right), 'text')).toBe('xx');
});

test('[RI19] a document shows its rich fields even if they are empty', () => {
  expect(readRich(undefined, RICH_KINDS)).toEqual({ body: '', steps: [], tags: [] });
});

test('[RI20] Yjs states that contradict each other merge to the same on both sides', () => {
  const [a, b] = [edit(undefined, 'text', 'ab', 5), edit(undefined, 'text', 'xyz', 5)].map((rich) =>
    // Both typed under one id, which a copied database could bring about.
    edit(edit(rich, 'text', ''), 'text', 'again', 5),
  ) as [Rich, Rich];
  const parts = [
    { rich: a, partial: false },
    { rich: b, partial: false },
  ] as const;
  expect(mergeRich(parts[0], parts[1])).toEqual(mergeRich(parts[1], parts[0]));
});
