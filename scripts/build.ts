import { join } from 'node:path';
import process from 'node:process';
import { buildPackages } from './build-packages.ts';

try {
  buildPackages(join(import.meta.dirname, '..'));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
