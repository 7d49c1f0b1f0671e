import { median } from './measure.ts';

/** What was aimed at: at most or at least so many times the floor, or at most so much. */
export type Goal = { readonly ratio: number } | { readonly atLeastRatio: number } | { readonly atMost: number };

export interface Result {
  readonly name: string;
  readonly unit: string;
  /** Undefined: raw ws and SQLite have nothing to compare with. */
  readonly floor: number | undefined;
  readonly ours: number;
  readonly goal?: Goal;
}

/** The median of several runs, and the ratio of the medians. */
export interface Summary extends Result {
  readonly ratio: number | undefined;
  readonly reached: boolean | undefined;
}

export function summarise(runs: readonly (readonly Result[])[]): Summary[] {
  const [first = []] = runs;
  return first.map((result, i) => {
    const results = runs.map((run) => run[i]).filter((each) => each !== undefined);
    const floors = results.map((each) => each.floor).filter((each) => each !== undefined);
    const floor = floors.length === 0 ? undefined : median(floors);
    const ours = median(results.map((each) => each.ours));
    const ratio = floor === undefined ? undefined : ours / floor;
    return { ...result, floor, ours, ratio, reached: isReached(result.goal, ours, ratio) };
  });
}

function isReached(goal: Goal | undefined, ours: number, ratio: number | undefined): boolean | undefined {
  if (goal === undefined) return undefined;
  if ('atMost' in goal) return ours <= goal.atMost;
  if (ratio === undefined) return undefined;
  return 'ratio' in goal ? ratio <= goal.ratio : ratio >= goal.atLeastRatio;
}

export const RESULT_HEADS = ['work', 'floor', 'Breakwater', 'ratio', 'goal', ''] as const;

export function toLine({ name, unit, floor, ours, ratio, goal, reached }: Summary): string[] {
  return [
    name,
    floor === undefined ? '–' : `${round(floor)} ${unit}`,
    `${round(ours)} ${unit}`,
    ratio === undefined ? '–' : `${ratio.toFixed(2)} ×`,
    goalText(goal, unit),
    reached === undefined ? '' : reached ? 'reached' : 'missed',
  ];
}

function goalText(goal: Goal | undefined, unit: string): string {
  if (goal === undefined) return '';
  if ('atMost' in goal) return `≤ ${goal.atMost} ${unit}`;
  return 'ratio' in goal ? `≤ ${goal.ratio} ×` : `≥ ${goal.atLeastRatio} ×`;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
