import { median } from './measure.ts';

export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly floor: number;
  readonly ours: number;
}

/** The median of several runs, and the ratio of the medians. */
export interface Summary extends Result {
  readonly ratio: number;
}

export function summarise(runs: readonly (readonly Result[])[]): Summary[] {
  const [first = []] = runs;
  return first.map(({ name, unit }, i) => {
    const results = runs.map((run) => run[i]).filter((result) => result !== undefined);
    const floor = median(results.map((result) => result.floor));
    const ours = median(results.map((result) => result.ours));
    return { name, unit, floor, ours, ratio: ours / floor };
  });
}

export function toLine({ name, unit, floor, ours, ratio }: Summary): string[] {
  return [name, `${round(floor)} ${unit}`, `${round(ours)} ${unit}`, `${ratio.toFixed(2)} ×`];
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
