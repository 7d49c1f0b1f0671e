import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import process from 'node:process';

const inputs = ['demo/**/*', 'packages/*/src/**/*', 'packages/*/package.json', 'package-lock.json'];
const excluded = ['demo/dist', 'demo/node_modules', 'demo/data'];

/** Builds the page unless its inputs are those of the last build. Throws with Vite's output if that fails. */
export function buildDemo(root: string): void {
  const stamp = join(root, 'demo/dist/.inputs');
  const hash = hashInputs(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;

  const start = performance.now();
  process.stdout.write('Building the demo page… ');
  // In a process of its own: the bundler's memory would stay with the server.
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: join(root, 'demo'),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`failed.\n${stdout}${stderr}`.trim());
  writeFileSync(stamp, hash);
  console.log(`done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** Contents, not times: a checkout touches files it does not change. */
function hashInputs(root: string): string {
  const hash = createHash('sha256');
  const paths = globSync(inputs, { cwd: root, exclude: (path) => excluded.includes(path.split(sep).join('/')) });
  for (const path of paths.sort()) {
    const file = join(root, path);
    if (!statSync(file).isFile()) continue;
    const bytes = readFileSync(file);
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}
