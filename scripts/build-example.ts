import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { fromSource } from '../vitest.source.ts';

/** Builds the page of an example. Throws if there is none of that name. */
export async function buildExample(root: string, name: string, outDir: string): Promise<void> {
  const names = readdirSync(join(root, 'examples'), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
  if (!names.includes(name)) throw new Error(`There is no example "${name}"; name one of ${names.sort().join(', ')}.`);
  await build({
    root: join(root, 'examples', name),
    configFile: false,
    logLevel: 'warn',
    resolve: fromSource.resolve,
    // RxDB and Yjs together are more than what Vite warns of.
    build: { outDir, emptyOutDir: true, chunkSizeWarningLimit: 1000 },
  });
}
