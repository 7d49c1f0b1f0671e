import { join } from 'node:path';
import { build, type Rolldown } from 'vite';
import { expect, it } from 'vitest';

const ENTRY = join(import.meta.dirname, '../src/index.ts');

it('[LE18] what y-websocket needs is in a part of its own, which nothing loads at the start', async () => {
  const built = await build({
    logLevel: 'silent',
    configFile: false,
    resolve: { conditions: ['breakwater-source', 'module', 'browser'] },
    build: { write: false, minify: false, lib: { entry: ENTRY, formats: ['es'], fileName: 'index' } },
  });
  const chunks = [built].flat().flatMap((each) => ('output' in each ? each.output : []));
  const isChunk = (each: (typeof chunks)[number]): each is Rolldown.OutputChunk => each.type === 'chunk';
  const partsWith = (name: string) =>
    chunks.filter(isChunk).filter(({ moduleIds }) => moduleIds.some((id) => id.includes(`/node_modules/${name}/`)));
  const entry = chunks.filter(isChunk).find(({ isEntry }) => isEntry);
  const [live, ...others] = partsWith('y-websocket');
  expect(others).toEqual([]);
  expect(live?.isEntry).toBe(false);
  expect(entry?.imports).not.toContain(live?.fileName);
  expect(entry?.dynamicImports).toContain(live?.fileName);
  expect(partsWith('y-protocols')).toEqual([live]);
});
