import { setTimeout as pass } from 'node:timers/promises';
import { type AttackOutcome, playAttack } from '../../server/test/attacks/attack.ts';
import { ATTACKS } from '../../server/test/attacks/attacks.ts';
import { startTarget, warmUp } from '../../server/test/attacks/target.ts';
import type { Part, Tally } from './part.ts';

/** Of the server's memory, beyond what it took before. */
const MAX_GROWTH_MB = 64;
/** Another client is answered within this while it lasts. */
const MAX_WAIT_MS = 500;
const SETTLE_MS = 500;
const MB = 2 ** 20;

/** Only those whose names have this in them, a regular expression. */
const CHOSEN = new RegExp(process.env.BREAKWATER_ATTACKS ?? '');

/** Every attack on a server of its own: it lives on, holds little more, and answers others. */
export const attacks: Part = {
  runs: 1,
  async play({ runs, rest }) {
    // One after the other: what they cost is measured.
    if (rest > 0) return { counts: {}, failures: [] } satisfies Tally;
    const chosen = ATTACKS.filter(({ name }) => CHOSEN.test(name));
    const outcomes: MeasuredOutcome[] = [];
    console.log(toLine('attack', 'told', 'MB', 'others, ms'));
    for (let run = 0; run < runs; run++) {
      for (const attack of chosen) {
        const outcome = await measure(attack);
        outcomes.push(outcome);
        console.log(lineOf(outcome));
      }
    }
    const most = (of: (outcome: MeasuredOutcome) => number) => Math.round(Math.max(0, ...outcomes.map(of)));
    return {
      counts: {
        attacks: outcomes.length,
        survived: outcomes.filter(({ isAlive }) => isAlive).length,
        growthMb: most(({ growthMb }) => growthMb),
        worstMs: most(({ worstMs }) => worstMs),
      },
      failures: outcomes.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`)),
    } satisfies Tally;
  },
  summarize: (count) =>
    `${count('attacks')} attacks, ${count('survived')} survived, at most ${count('growthMb')} MB more, others answered within ${count('worstMs')} ms`,
};

interface MeasuredOutcome extends AttackOutcome {
  readonly growthMb: number;
}

async function measure(attack: (typeof ATTACKS)[number]): Promise<MeasuredOutcome> {
  const target = await startTarget();
  try {
    await warmUp(target);
    const memory = await target.watchMemory();
    const outcome = await playAttack(attack, target);
    await pass(SETTLE_MS);
    const growthMb = (await memory.stop()) / MB;
    const faults = [
      ...outcome.faults,
      ...(growthMb <= MAX_GROWTH_MB ? [] : [`the server took ${Math.round(growthMb)} MB more`]),
      ...(outcome.worstMs <= MAX_WAIT_MS ? [] : [`another client waited ${Math.round(outcome.worstMs)} ms`]),
    ];
    return { ...outcome, growthMb, faults };
  } finally {
    await target.end();
  }
}

function lineOf({ name, told, growthMb, worstMs, faults }: MeasuredOutcome): string {
  return `${toLine(name, told, growthMb.toFixed(0), worstMs.toFixed(0))}${faults.length > 0 ? '  FAILED' : ''}`;
}

function toLine(name: string, told: string, growth: string, wait: string): string {
  return `${name.padEnd(40)} ${told.slice(0, 52).padEnd(52)} ${growth.padStart(4)} ${wait.padStart(10)}`;
}
