import { allCases, play, playCase } from '../../packages/testing/src/simulator/index.ts';
import { numbersIn, type Part, type Share, type Tally } from './part.ts';

/** Every n-th seed has a server that is set back. */
const SET_BACKS_EVERY = 5;

/** Simulated replicas, many seeds, and every case of the small world. */
export const simulation: Part = {
  runs: 10_000,
  async play(share) {
    const counts = { seeds: 0, cases: 0, operations: 0, unknownOutcomes: 0, lost: 0, apart: 0 };
    const failures: string[] = [];

    /** A write that is nowhere to be found is lost; anything else that is wrong keeps the replicas apart. */
    function judge(verdict: readonly string[], what: string): void {
      if (verdict.length === 0) return;
      counts[verdict.some((fault) => fault.includes(' lost the ')) ? 'lost' : 'apart'] += 1;
      failures.push(`${what}\n  ${verdict.slice(0, 3).join('\n  ')}`);
    }

    for (const seed of numbersIn(share)) {
      const played = await play({ seed, setBacks: seed % SET_BACKS_EVERY === 0 });
      counts.seeds += 1;
      counts.operations += played.operations;
      counts.unknownOutcomes += played.unknownOutcomes;
      const command = `BREAKWATER_SEED=${seed} npm test -- --project node simulation.test`;
      judge(played.verdict, `seed ${seed} failed after ${played.steps} steps; repeat it with: ${command}`);
    }
    for (const [number, each] of casesIn(share)) {
      const { operations, verdict } = await playCase(each);
      counts.cases += 1;
      counts.operations += operations;
      judge(verdict, `small case ${number}: ${JSON.stringify(each)}`);
    }
    return { counts, failures } satisfies Tally;
  },
  summarize: (count) =>
    `${count('seeds')} seeds, ${count('cases')} small cases, ${count('operations')} operations, ${count('unknownOutcomes')} pushes of unknown outcome, ${count('lost')} lost, ${count('apart')} apart`,
};

function* casesIn({ workers, rest }: Share) {
  let number = 0;
  for (const each of allCases()) {
    number += 1;
    if (number % workers === rest) yield [number, each] as const;
  }
}
