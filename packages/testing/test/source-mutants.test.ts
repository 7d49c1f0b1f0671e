import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { mutantPlugin } from '../../../scripts/mutants/mutant-plugin.ts';
import { MUTANTS } from '../../../scripts/mutants/mutants.ts';
import { mutate, type SourceMutant } from '../../../scripts/mutants/source-mutant.ts';

const ROOT = join(import.meta.dirname, '../../..');

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const MUTANT: SourceMutant = {
  rule: 'nothing is lost',
  file: 'packages/keep.ts',
  find: 'keep();',
  replace: '',
  test: { file: '', title: '' },
};

it.each(MUTANTS)('[MU1] the guard stands in its file once: $rule', (mutant) => {
  expect(mutate(read(mutant.file), mutant)).not.toBe(read(mutant.file));
});

it('[MU1] one that is not there, or more than once, is an error that names rule, file and guard', () => {
  expect(mutate('look(); keep(); go();', MUTANT)).toBe('look();  go();');
  expect(() => mutate('look();', MUTANT)).toThrow("'nothing is lost' stands in packages/keep.ts 0 times, not once");
  expect(() => mutate('keep(); keep();', MUTANT)).toThrow('2 times, not once: keep();');
});

it.each(MUTANTS)('[MU2] the test that has to notice is there: $rule', ({ test: { file, title } }) => {
  expect(title).toMatch(/^\[[A-Z]{2,3}\d+\] /);
  // Tests that several storages have in common are in a file that theirs imports.
  const shared = [...read(file).matchAll(/ from '\.\/(.+\.ts)'/g)].map(([, name = '']) => join(dirname(file), name));
  const source = [file, ...shared].map(read).join('\n');
  const places = ["'", '"'].map((quote) => source.split(`${quote}${title}${quote}`).length - 1);
  expect(places.toSorted()).toEqual([0, 1]);
});

it('[MU2] no rule is named twice', () => {
  const rules = MUTANTS.map(({ rule }) => rule);
  expect(rules).toEqual([...new Set(rules)]);
});

it('[MU3] the file of the guard is changed and no other', () => {
  const { transform } = mutantPlugin(MUTANT, '/here');
  expect(transform('keep();', '/here/packages/keep.ts')).toBe('');
  expect(transform('keep();', '/here/packages/keep.ts/other.ts')).toBeUndefined();
  expect(transform('keep();', '/elsewhere/packages/keep.ts')).toBeUndefined();
});
