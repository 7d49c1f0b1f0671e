import { afterEach, expect, test } from 'vitest';
import { killUnderWrites } from './kill-rounds.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

const KILLS = 3;
const ACKS_BEFORE_KILL = 60;

const directory = makeTemporaryDirectory();
afterEach(() => directory.remove());

test('[SV11] SIGKILL under writes loses nothing that was acknowledged', async () => {
  const rounds = { cwd: directory.path, kills: KILLS, acksBeforeKill: () => ACKS_BEFORE_KILL };
  const { acknowledged, lost } = await killUnderWrites(rounds);
  expect(lost).toEqual([]);
  expect(acknowledged).toBeGreaterThanOrEqual(KILLS * ACKS_BEFORE_KILL);
}, 30_000);
