import { join } from 'node:path';
import process from 'node:process';
import { buildExample } from './build-example.ts';
import { runChild } from './child.ts';

const root = join(import.meta.dirname, '..');
const [name = '', ...rest] = process.argv.slice(2);
const page = join(root, 'examples', name, 'dist');

process.chdir(root);
try {
  await buildExample(root, name, page);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

// node:sqlite still announces itself as experimental, above the server's own first line.
const node = ['--disable-warning=ExperimentalWarning', '--conditions=breakwater-source'];
const { code } = await runChild(process.execPath, [...node, 'server/src/cli.ts', '--static', page, ...rest]);
process.exitCode = code;
