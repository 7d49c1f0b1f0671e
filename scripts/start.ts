import { join } from 'node:path';
import process from 'node:process';
import { buildDemo } from './build-demo.ts';
import { runChild } from './child.ts';

const root = join(import.meta.dirname, '..');

process.chdir(root);
try {
  buildDemo(root);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

// node:sqlite still announces itself as experimental, above the server's own first line.
const node = ['--disable-warning=ExperimentalWarning', '--conditions=breakwater-source'];
const server = ['server/src/cli.ts', '--static', 'demo/dist'];
const { code } = await runChild(process.execPath, [...node, ...server, ...process.argv.slice(2)]);
process.exitCode = code;
