import fc from 'fast-check';
import { formatStamp, type Json, NO_STAMP, type Path, type Register, type Stamp, type State } from '../src/index.ts';
import { createChance, playRichHistory } from './rich-history.ts';

/** Few times, counters and nodes: equal stamps, also with different values, are common. */
export const stamps: fc.Arbitrary<Stamp> = fc
  .record({
    ms: fc.integer({ min: 1, max: 5 }),
    counter: fc.integer({ min: 0, max: 1 }),
    node: fc.constantFrom('aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc'),
  })
  .map(formatStamp);

export const paths = fc.constantFrom(
  ...(['', 'a', 'a.b', 'a.c', 'b', 'd%2Ee', 'f%25', 'ü', '_deleted', '_attachments.cat%2Epng'] as Path[]),
);

const strings = fc.oneof(fc.string({ maxLength: 6 }), fc.string({ unit: 'grapheme', maxLength: 40 }));
const keys = fc.oneof(fc.constantFrom('', 'a', '10', '9', 'constructor', 'toString'), strings);
const numbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(2 ** 53, -(2 ** 53), 1e300, Number.MIN_VALUE),
);

/** Values as `normalize` leaves them. */
export const values: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    numbers.map((number) => (number === 0 ? 0 : number)),
    strings.map((text) => text.toWellFormed()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .dictionary(keys, tie('value'), { maxKeys: 4, noNullPrototype: true })
      .filter((object) => !Object.hasOwn(object, '__proto__')),
  ),
})).value;

/** undefined: the field was removed. Few different ones, so that they are often equal. */
const registerValues = fc.oneof(fc.constantFrom<Json | undefined>(undefined, 0, 1, 'x', 'y', ['x'], {}), values);

function registersSince(generation: Stamp): fc.Arbitrary<Map<Path, Register>> {
  return fc
    .array(fc.tuple(paths, fc.record({ stamp: stamps, value: registerValues }, { noNullPrototype: true })), {
      maxLength: 8,
    })
    .map((entries) => new Map(entries.filter(([, register]) => isListed(register, generation))));
}

function isListed({ stamp, value }: Register, generation: Stamp): boolean {
  return stamp > generation || (stamp === generation && value !== undefined);
}

const generations = fc.oneof({ weight: 2, arbitrary: fc.constant(NO_STAMP) }, { weight: 3, arbitrary: stamps });

/** What the writers of one history held at some time: any of them merge. */
const riches = fc.constantFrom(undefined, ...playRichHistory(createChance(1), 40).snapshots);

function statesOf(generation: Stamp, partial: boolean): fc.Arbitrary<State> {
  return fc
    .tuple(registersSince(generation), riches)
    .map(([registers, rich]) => ({ generation, registers, partial, ...(rich && { rich }) }));
}

export const wholeStates: fc.Arbitrary<State> = generations.chain((generation) => statesOf(generation, false));
export const deltas: fc.Arbitrary<State> = generations.chain((generation) => statesOf(generation, true));
export const anyStates: fc.Arbitrary<State> = fc.oneof(wholeStates, deltas);

/** Three states or deltas of one generation: every order of merging them is defined. */
export const statesOfOneGeneration = generations.chain((generation) => {
  const one = fc.boolean().chain((partial) => statesOf(generation, partial));
  return fc.tuple(one, one, one);
});
