/*
 * npm run api: writes docs/api.md anew from the declarations of what is published. With --check it says whether that is needed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { withDeclarations } from './api/emit-declarations.ts';
import { type Declarations, exportedNames, findName } from './api/read-entry.ts';
import { renderApi } from './api/render.ts';

const CLIENT = 'packages/client/src/index.ts';
const CRDT = 'packages/crdt/src/index.ts';
const PROTOCOL = 'packages/protocol/src/index.ts';
const SERVER = 'server/src/index.ts';

/** What of the merge rules is an app's affair; the rest is the client's and the server's. */
const OF_DEFINITIONS = [
  'defineCollections',
  'CollectionDefinition',
  'CollectionDefinitions',
  'Collections',
  'CollectionSchema',
  'PropertySchema',
  'DocumentOf',
  'MergeKind',
  'MergeKinds',
  'DefinitionError',
  'ValueError',
  'Stamp',
  'State',
];

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/api.md');
const wanted = withDeclarations(root, [CLIENT, CRDT, PROTOCOL, SERVER], (folder) =>
  render({
    read: (path) => readFileSync(join(folder, path.replace(/\.ts$/, '.d.ts')), 'utf8'),
    entries: { '@breakwater/crdt': CRDT, '@breakwater/protocol': PROTOCOL },
  }),
);

if (!process.argv.includes('--check')) writeFileSync(page, wanted);
else if (readFileSync(page, 'utf8') !== wanted) {
  console.error('docs/api.md is not what the docstrings say any more; write it anew with npm run api.');
  process.exitCode = 1;
}

function render(declarations: Declarations): string {
  const find = (entry: string, names: readonly string[]) => names.map((name) => findName(declarations, entry, name));
  const own = (entry: string) => exportedNames(declarations, entry).filter((name) => !OF_DEFINITIONS.includes(name));
  return renderApi([
    {
      name: '@breakwater/client',
      about: 'What an app imports. It also has what `@breakwater/crdt` has for definitions.',
      names: find(CLIENT, own(CLIENT)),
    },
    {
      name: '@breakwater/crdt',
      about: 'Definitions, without RxDB: for a server, and for a file that app and server share.',
      names: find(CRDT, OF_DEFINITIONS),
    },
    { name: '@breakwater/server', about: 'The server, in a program of your own.', names: find(SERVER, own(SERVER)) },
  ]);
}
