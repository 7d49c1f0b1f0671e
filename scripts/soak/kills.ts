import { killUnderWrites } from '../../server/test/kill-rounds.ts';
import { makeTemporaryDirectory } from '../../server/test/temporary-directory.ts';
import { numbersIn, type Part, type Tally } from './part.ts';

/** A real server that is killed under writes, again and again on the same data. */
export const kills: Part = {
  runs: 200,
  async play(share) {
    const numbers = numbersIn(share);
    const directory = makeTemporaryDirectory();
    try {
      const { acknowledged, lost } = await killUnderWrites({
        cwd: directory.path,
        kills: numbers.length,
        // Sometimes with hardly anything written, sometimes with much in the log.
        acksBeforeKill: (round) => 1 + (((numbers[round] ?? 0) * 17) % 100),
      });
      const counts = { kills: numbers.length, acknowledged, lost: lost.length };
      return { counts, failures: lost.map((id) => `the server lost the acknowledged row '${id}'`) } satisfies Tally;
    } finally {
      directory.remove();
    }
  },
  summarize: (count) =>
    `${count('kills')} times SIGKILL under writes, ${count('acknowledged')} acknowledged rows, ${count('lost')} lost`,
};
