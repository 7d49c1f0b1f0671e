import { expect, test } from 'vitest';
import { readImports } from '../read-imports.ts';

test.each([
  ["import a from 'x';", 'x'],
  ["import type { A } from 'x';", 'x'],
  ["import 'x';", 'x'],
  ["export { a } from 'x';", 'x'],
  ["export type { A } from 'x';", 'x'],
  ["export * from 'x';", 'x'],
  ["const a = await import('x');", 'x'],
  ["type A = import('x').A;", 'x'],
  ["import {\n  a,\n} from 'x';", 'x'],
])('%s', (text, specifier) => {
  expect(readImports('a.ts', text).map((found) => found.specifier)).toEqual([specifier]);
});

test('text that looks like an import is none', () => {
  const text = '// import "a";\nconst b = `import c from "d"`;\nexport const e = "export * from \'f\'";';
  expect(readImports('a.ts', text)).toEqual([]);
});

test('the line is that of the module named', () => {
  expect(readImports('a.ts', "\nimport {\n  a,\n} from 'x';\nimport 'y';\n")).toEqual([
    { specifier: 'x', line: 4 },
    { specifier: 'y', line: 5 },
  ]);
});

test('a file that does not parse is named', () => {
  expect(() => readImports('broken.ts', 'import {')).toThrow(/^broken\.ts: /);
});
