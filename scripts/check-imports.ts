import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { checkImports, type Package, type SourceFile } from './import-rules.ts';
import { readImports } from './read-imports.ts';

const root = join(import.meta.dirname, '..');
const folders = [
  'packages/crdt',
  'packages/protocol',
  'packages/client',
  'packages/testing',
  'server',
  'demo',
  'examples/vanilla',
  'examples/react',
];
const sources = '{packages/*/{src,test},server/{src,test},demo/src,examples/*/src,bench,e2e,scripts}/**/*.{ts,tsx}';

const files = readSources();
const violations = checkImports(files, folders.map(readPackage));
for (const { path, line, rule, advice } of violations) console.error(`${path}:${line} [${rule}] ${advice}`);
console.log(`Imports of ${files.length} files checked: ${violations.length} forbidden.`);
if (violations.length > 0) process.exitCode = 1;

function readSources(): SourceFile[] {
  const paths = globSync(sources, { cwd: root }).map((path) => path.split(sep).join('/'));
  return paths.sort().map((path) => ({ path, imports: readImports(path, readFileSync(join(root, path), 'utf8')) }));
}

function readPackage(folder: string): Package {
  const manifest = readManifest(folder);
  const declared = [manifest.dependencies, manifest.peerDependencies, manifest.optionalDependencies];
  // A private package is only ever run inside this repository, where the root's tools are installed. But an example is
  // copied out of it.
  if (manifest.private === true && !folder.startsWith('examples/')) declared.push(readManifest('.').devDependencies);
  return { name: manifest.name, folder, declared: declared.flatMap((group) => Object.keys(group ?? {})) };
}

type Manifest = { readonly name: string; readonly private?: boolean } & {
  readonly [group in DependencyGroup]?: Readonly<Record<string, string>>;
};

type DependencyGroup = 'dependencies' | 'devDependencies' | 'peerDependencies' | 'optionalDependencies';

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
}
