import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { compareRules } from './spec-rules.ts';

const root = join(import.meta.dirname, '..');
const testFiles = globSync(['{packages/*,server}/test/**/*.ts', 'packages/testing/src/**/*.ts', 'e2e/**/*.ts'], {
  cwd: root,
});
const tests = new Map(testFiles.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
const faults = compareRules(readFileSync(join(root, 'docs/SPEC.md'), 'utf8'), tests);

for (const { rule, message } of faults) console.error(`${rule} ${message}.`);
console.log(`Rules of ${tests.size} test files compared with docs/SPEC.md: ${faults.length} at odds.`);
process.exitCode = faults.length > 0 ? 1 : 0;
