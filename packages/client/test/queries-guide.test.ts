import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import * as memory from 'rxdb/plugins/storage-memory';
import { expect, it } from 'vitest';
import * as client from '../src/index.ts';

const GUIDE = join(import.meta.dirname, '../../../docs/queries.md');
const MODULES: { readonly [name: string]: object } = {
  '@breakwater/client': client,
  'rxdb/plugins/storage-memory': memory,
};

/** A reader takes a moment from one example to the next: what was begun comes to its end. */
const TURN = 'await new Promise((resolve) => setTimeout(resolve));\n';

interface GuideResult {
  readonly [name: string]: unknown;
  readonly db: { close(): Promise<boolean> };
}

/** Runs all examples as one program, and answers what its variables hold. */
async function runGuide(variables: readonly string[]): Promise<GuideResult> {
  const guide = readFileSync(GUIDE, 'utf8');
  const program = [...guide.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code).join(TURN);
  const body = program.replaceAll(/import (\{[^}]*\}) from '([^']+)';/g, "const $1 = modules['$2'];");
  const AsyncFunction = runGuide.constructor as new (...text: string[]) => (modules: object) => Promise<GuideResult>;
  return new AsyncFunction('modules', `${stripTypeScriptTypes(body)}\nreturn { ${variables.join(', ')} };`)(MODULES);
}

it('[QG1] the examples of the guide run, and do what it says', async () => {
  const result = await runGuide(['db', 'report', 'shares', 'reads', 'advice', 'text', 'byShape', 'shown']);
  await result.db.close();
  expect(result.report).toEqual({ done: 2_000, stored: 2_000, failures: [], isCancelled: false });
  expect(result.shares).toContain(1);
  expect(result.reads).toBe('scan');
  const guide = readFileSync(GUIDE, 'utf8');
  for (const line of String(result.text).split('\n')) expect(guide).toContain(`// ${line}\n`);
  expect(result.byShape).toMatchObject({
    'ports where country = ?, sorted by berths, limited': { reads: 'scan', count: 1, advice: result.advice },
    'page of ports, sorted by name desc, limited': { reads: 'index' },
  });
  expect(result.shown).toMatchObject({ hasPrevious: true, hasNext: true, total: 2_000, start: 900 });
});
