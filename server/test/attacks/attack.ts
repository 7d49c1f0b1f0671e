import type { Target } from './target.ts';

/** Something that somebody on the internet does to a server. */
export interface Attack {
  readonly name: string;
  /** Over in a second or two. */
  readonly isQuick: boolean;
  /** What an offender is told at the end; undefined: what it does is allowed, or cannot be answered. */
  readonly expected: RegExp | undefined;
  /** Answers what each offender was told. */
  play(target: Target): Promise<readonly string[]>;
}

export function attack(
  name: string,
  expected: RegExp | undefined,
  play: Attack['play'],
  { isQuick = true }: { readonly isQuick?: boolean } = {},
): Attack {
  return { name, expected, isQuick, play };
}

/** What came of it. */
export interface AttackOutcome {
  readonly name: string;
  /** The first of what offenders were told. */
  readonly told: string;
  readonly isAlive: boolean;
  /** How long another client waited for an answer at most, in milliseconds. */
  readonly worstMs: number;
  /** In words. */
  readonly faults: readonly string[];
}

export async function playAttack({ name, expected, play }: Attack, target: Target): Promise<AttackOutcome> {
  const witness = await target.openWitness();
  const told = await play(target).catch((error: unknown) => [`the attack failed: ${error}`]);
  const { worstMs, answers } = await witness.end();
  const isAlive = await target.isAlive();
  const wrong = expected === undefined ? told.filter(isFailure) : told.filter((each) => !expected.test(each));
  const faults = [
    ...(isAlive ? [] : ['the server is gone']),
    ...(answers > 0 ? [] : ['another client was not answered']),
    ...(expected === undefined || told.length > 0 ? [] : ['nobody was told anything']),
    ...wrong.slice(0, 3).map((each) => `an offender was told '${each}', not ${expected ?? 'anything else'}`),
  ];
  return { name, told: told[0] ?? '', isAlive, worstMs, faults };
}

function isFailure(told: string): boolean {
  return told.startsWith('the attack failed');
}
