import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { buildDemo } from '../scripts/build-demo.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'demo/dist');

/** All that a visitor waits for, in bytes. */
const MOST_SCRIPT = 350_000;

it('[DP17] the first load takes at most 350 KB of compressed script; the text editor and the query panel come later', () => {
  buildDemo(ROOT);
  const scripts = staticScripts();
  const sizes = [...scripts.values()].map((code) => gzipSync(code).length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MOST_SCRIPT);
  for (const later of ['text-editor', 'query-panel', 'shared-place', 'paint-sketch', 'live-documents']) {
    expect([...scripts.keys()].filter((path) => path.includes(later))).toEqual([]);
  }
  // Without the chunks that are loaded later the test above would find nothing to leave out.
  expect([...scripts.values()].join('')).toMatch(/import\(.{1,3}\.\/text-editor-/);
});

/** The scripts that the page names, and those that they import at once, by path. */
function staticScripts(): ReadonlyMap<string, string> {
  const page = readFileSync(join(DIST, 'index.html'), 'utf8');
  const named = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(([, path = '']) => path);
  const found = new Map<string, string>();
  for (const queue = named; queue.length > 0; ) {
    const path = queue.pop() ?? '';
    if (found.has(path)) continue;
    const code = readFileSync(join(DIST, path), 'utf8');
    found.set(path, code);
    const imports = code.matchAll(/(?:import|from)\s*["'`]\.\/([\w-]+\.js)["'`]/g);
    for (const [, name = ''] of imports) queue.push(`assets/${name}`);
  }
  expect(found.size).toBeGreaterThan(0);
  return found;
}
