import { join } from 'node:path';
import process from 'node:process';
import { runChild } from './child.ts';

const checks = [
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  { name: 'format and lint', command: ['node_modules/@biomejs/biome/bin/biome', 'ci', '.'] },
  { name: 'imports', command: ['scripts/check-imports.ts'] },
  { name: 'rules', command: ['scripts/check-spec.ts'] },
  { name: 'reference', command: ['scripts/render-api.ts', '--check'] },
];

process.chdir(join(import.meta.dirname, '..'));
for (const { name, command } of checks) {
  const { code, stoppedBy } = await runChild(process.execPath, command);
  if (stoppedBy !== undefined) process.exit(code || 1);
  if (code === 0) continue;
  // All of them run: who broke two things wants to know both.
  console.error(`The check of ${name} failed.`);
  process.exitCode = 1;
}
