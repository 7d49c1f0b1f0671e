import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json, Path } from '../src/index.ts';
import { hexOf } from './bytes.ts';
import { checkProperty } from './check-property.ts';
import {
  composeMessage,
  createReplica,
  deleteOrRevive,
  expectedRegisters,
  type Log,
  type Replica,
  receive,
  write,
} from './replicas.ts';

const REPLICAS = 4;
const replica = fc.nat(REPLICAS - 1);
const path = fc.constantFrom(...(['title', 'body', 'address.city'] as Path[]));
const value = fc.constantFrom<Json | undefined>(undefined, null, 'x', 'y', ['z']);

type Step =
  | { readonly do: 'write'; readonly by: number; readonly path: Path; readonly value: Json | undefined }
  | { readonly do: 'delete or revive'; readonly by: number; readonly path: Path }
  | { readonly do: 'send'; readonly by: number; readonly to: number; readonly full: boolean }
  | { readonly do: 'deliver'; readonly message: number; readonly keep: boolean }
  | { readonly do: 'lose'; readonly message: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'correct'; readonly by: number; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), by: replica, path, value }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete or revive' as const), by: replica, path }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('send' as const), by: replica, to: replica, full: fc.boolean() }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('deliver' as const), message: fc.nat(), keep: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), message: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('correct' as const), by: replica, ms: fc.integer({ min: -5, max: 5 }) }),
  },
);

interface World {
  readonly replicas: Replica[];
  readonly log: Log;
}

interface Message {
  readonly from: Replica;
  readonly to: Replica;
  readonly bytes: Uint8Array;
}

/** Messages arrive in any order, more than once (`keep`) or not at all. */
function run(steps: readonly Step[]): World {
  let now = 1000;
  const chance = createChance();
  const replicas = Array.from({ length: REPLICAS }, () => createReplica(() => now, chance));
  const log: Log = { writes: [], generations: [] };
  const underWay: Message[] = [];
  const by = (index: number) => replicas[index] as Replica;
  const take = (index: number) => underWay.splice(index % Math.max(1, underWay.length), 1)[0];

  for (const step of steps) {
    switch (step.do) {
      case 'write':
        write(by(step.by), log, step.path, step.value);
        break;
      case 'delete or revive':
        deleteOrRevive(by(step.by), log, step.path, 'revived');
        break;
      case 'send': {
        const [from, to] = [by(step.by), by(step.to)];
        underWay.push({ from, to, bytes: composeMessage(from, to, step.full) });
        break;
      }
      case 'deliver': {
        const message = step.keep ? underWay[step.message % Math.max(1, underWay.length)] : take(step.message);
        if (message && !receive(message.to, message.from, message.bytes)) {
          underWay.push({ ...message, bytes: composeMessage(message.from, message.to, true) });
        }
        break;
      }
      case 'lose':
        take(step.message);
        break;
      case 'wait':
        now += step.ms;
        break;
      case 'correct':
        by(step.by).clock.correct(step.ms);
        break;
    }
  }
  return { replicas, log };
}

/** Makes node ids, which must differ: Lehmer's generator from a fixed seed. */
function createChance(): () => number {
  let word = 1;
  return () => {
    word = (word * 48_271) % (2 ** 31 - 1);
    return word / (2 ** 31 - 1);
  };
}

function exchangeEverything(replicas: readonly Replica[]): void {
  for (const from of replicas) for (const to of replicas) receive(to, from, composeMessage(from, to, true));
  for (const from of replicas) for (const to of replicas) receive(to, from, composeMessage(from, to, true));
}

const worlds = fc.array(step, { maxLength: 80, size: 'max' });

test('[CR130] replicas that heard of everything hold equal bytes, whatever was lost, repeated or late', () => {
  checkProperty(
    fc.property(worlds, (steps) => {
      const { replicas } = run(steps);
      exchangeEverything(replicas);
      expect(new Set(replicas.map(({ state }) => hexOf(state))).size).toBe(1);
    }),
    1000,
  );
});

test('[CR131] they hold the latest write of each path since the latest revival', () => {
  checkProperty(
    fc.property(worlds, (steps) => {
      const { replicas, log } = run(steps);
      exchangeEverything(replicas);
      const expected = expectedRegisters(log);
      const sorted = <T>(map: ReadonlyMap<Path, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(sorted(replicas[0]?.state.registers ?? new Map())).toEqual(sorted(expected));
    }),
    500,
  );
});
