import { expect, test } from 'vitest';
import { checkImports, type Import, type Package, type SourceFile } from '../import-rules.ts';

const packages: Package[] = [
  { name: '@breakwater/crdt', folder: 'packages/crdt', declared: ['lib0', 'yjs'] },
  { name: '@breakwater/protocol', folder: 'packages/protocol', declared: ['lib0'] },
  {
    name: '@breakwater/client',
    folder: 'packages/client',
    declared: ['@breakwater/crdt', '@breakwater/protocol', 'rxdb', 'ws'],
  },
  {
    name: '@breakwater/testing',
    folder: 'packages/testing',
    declared: ['@breakwater/client', '@breakwater/crdt', '@breakwater/protocol', '@breakwater/server', 'vitest', 'ws'],
  },
  {
    name: '@breakwater/server',
    folder: 'server',
    declared: ['@breakwater/crdt', '@breakwater/protocol', 'rxdb', 'ws'],
  },
  { name: '@breakwater/demo', folder: 'demo', declared: ['@breakwater/client', 'rxdb'] },
  {
    name: '@breakwater/example-react',
    folder: 'examples/react',
    declared: ['@breakwater/client', '@breakwater/crdt', 'react', 'rxdb', 'rxjs'],
  },
];

const goodTree: Record<string, string[]> = {
  'packages/crdt/src/index.ts': ['./merge.ts'],
  'packages/crdt/src/merge.ts': ['./stamp.ts', 'lib0/encoding', 'yjs'],
  'packages/crdt/src/stamp.ts': [],
  'packages/crdt/test/merge.test.ts': ['vitest', '@breakwater/testing', '../src/merge.ts', 'node:fs'],
  'packages/protocol/src/index.ts': ['lib0/decoding'],
  'packages/client/src/index.ts': ['./sync/up.ts'],
  'packages/client/src/sync/up.ts': ['../storage.ts', '@breakwater/protocol'],
  'packages/client/src/storage.ts': ['@breakwater/crdt', 'rxdb/plugins/core'],
  'packages/testing/src/index.ts': [
    '@breakwater/client',
    '@breakwater/client/sync',
    '@breakwater/crdt',
    '@breakwater/protocol',
    '@breakwater/server',
    '@breakwater/server/hub',
    'node:net',
    'vitest',
    'ws',
  ],
  'server/src/index.ts': ['./server.ts', './session.ts'],
  'server/src/server.ts': ['ws', 'node:http', './session.ts'],
  'server/src/session.ts': ['ws', '@breakwater/crdt', '@breakwater/protocol'],
  'server/src/hub.ts': ['node:path'],
  'server/test/server.test.ts': ['@breakwater/testing', 'ws', 'vitest'],
  'demo/src/main.ts': ['@breakwater/client', 'rxdb', './page.css'],
  'examples/react/src/main.tsx': ['@breakwater/client', '@breakwater/crdt', 'react', 'rxdb/plugins/react', 'rxjs'],
  'scripts/start.ts': ['node:fs', 'vite'],
};

test('a good tree passes', () => {
  expect(check(goodTree)).toEqual([]);
});

test.each([
  ['packages/crdt/src/merge.ts', '@breakwater/protocol', 'arrow'],
  ['packages/protocol/src/index.ts', '@breakwater/crdt', 'arrow'],
  ['packages/client/src/storage.ts', '@breakwater/server', 'arrow'],
  ['packages/client/src/storage.ts', '@breakwater/testing', 'arrow'],
  ['server/src/hub.ts', '@breakwater/client', 'arrow'],
  ['server/src/hub.ts', '@breakwater/testing', 'arrow'],
  ['demo/src/main.ts', '@breakwater/crdt', 'arrow'],
  ['demo/src/main.ts', '@breakwater/client/src/storage.ts', 'public-entry'],
  ['demo/src/main.ts', '@breakwater/client/sync', 'public-entry'],
  ['demo/src/main.ts', '../../packages/client/src/storage.ts', 'own-folder'],
  ['server/src/hub.ts', '../test/server.test.ts', 'own-folder'],
  ['server/src/hub.ts', 'rxdb/plugins/core', 'no-rxdb-on-server'],
  ['server/src/hub.ts', 'ws', 'ws-in-session-and-server'],
  ['packages/client/src/storage.ts', 'ws', 'browser-safe'],
  ['packages/client/src/storage.ts', 'node:crypto', 'browser-safe'],
  ['packages/client/src/storage.ts', 'fs/promises', 'browser-safe'],
  ['packages/crdt/src/merge.ts', 'node:buffer', 'browser-safe'],
  ['packages/protocol/src/index.ts', 'yjs', 'declared-dependency'],
  ['packages/client/src/storage.ts', 'y-protocols/awareness', 'declared-dependency'],
  ['demo/src/main.ts', '@scope/thing/deep', 'declared-dependency'],
  ['examples/react/src/main.tsx', '@breakwater/server', 'arrow'],
  ['examples/react/src/main.tsx', '@breakwater/client/sync', 'public-entry'],
  ['examples/react/src/main.tsx', '../../vanilla/src/main.ts', 'own-folder'],
  ['examples/react/src/main.tsx', 'node:fs', 'browser-safe'],
  ['examples/react/src/main.tsx', 'vite', 'declared-dependency'],
])('%s must not import %s: %s', (path, specifier, rule) => {
  const broken = { ...goodTree, [path]: [...(goodTree[path] ?? []), specifier] };
  const line = broken[path]?.length;
  const violations = check(broken).filter((violation) => violation.rule !== 'no-cycle');
  expect(violations).toEqual([expect.objectContaining({ path, line, rule })]);
});

test('no-cycle: two files that import each other are reported once, at the first', () => {
  const cyclic = { ...goodTree, 'packages/crdt/src/stamp.ts': ['./merge.ts'] };
  expect(check(cyclic)).toEqual([
    {
      path: 'packages/crdt/src/merge.ts',
      line: 1,
      rule: 'no-cycle',
      advice: expect.stringMatching(/^packages\/crdt\/src\/merge\.ts → packages\/crdt\/src\/stamp\.ts → .*merge\.ts;/),
    },
  ]);
});

test('no-cycle: a cycle through the index file counts', () => {
  const cyclic = { ...goodTree, 'packages/crdt/src/stamp.ts': ['./index.ts'] };
  expect(check(cyclic).map(({ rule }) => rule)).toEqual(['no-cycle']);
});

test('no-cycle: a cycle between packages counts', () => {
  const cyclic = { ...goodTree, 'server/src/hub.ts': ['@breakwater/testing'], 'server/src/server.ts': ['./hub.ts'] };
  expect(check(cyclic).map(({ rule }) => rule)).toEqual(['arrow', 'no-cycle']);
});

test('no-cycle: two cycles are two reports', () => {
  const cyclic = {
    ...goodTree,
    'packages/crdt/src/stamp.ts': ['./merge.ts'],
    'packages/client/src/storage.ts': ['./sync/up.ts'],
  };
  expect(check(cyclic).map(({ path }) => path)).toEqual([
    'packages/client/src/storage.ts',
    'packages/crdt/src/merge.ts',
  ]);
});

/** The n-th import of a file stands on its line n. */
function check(tree: Readonly<Record<string, readonly string[]>>) {
  const files = Object.entries(tree).map(([path, specifiers]): SourceFile => {
    return { path, imports: specifiers.map((specifier, index): Import => ({ specifier, line: index + 1 })) };
  });
  return checkImports(files, packages);
}
