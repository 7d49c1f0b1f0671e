import { join } from 'node:path';
import process from 'node:process';
import { packPackages } from './pack-packages.ts';

const root = join(import.meta.dirname, '..');
try {
  for (const { name, tarball } of await packPackages(root, join(root, 'dist'))) console.log(`${name}: ${tarball}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
