import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { published } from './published.ts';

/** Builds `dist` of what is published. Throws with the compiler's output if that fails. */
export function buildPackages(root: string): void {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  for (const folder of published) {
    // What a deleted source left behind would be published with the rest.
    rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
    const args = [compiler, '-p', join(root, folder, 'tsconfig.build.json')];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${folder} was not built.\n${stdout}${stderr}`.trim());
  }
}
