import { median } from './measure.ts';
import type { OtherPeer } from './peers/peer.ts';
import { toTable } from './table.ts';

/** What was aimed at: at most or at least so many times the floor, or at most so much. */
export type Goal = { readonly ratio: number } | { readonly atLeastRatio: number } | { readonly atMost: number };

/** What was measured of each; undefined: there is nothing to measure. */
export interface Figures {
  readonly floor: number | undefined;
  readonly ours: number;
  readonly others?: readonly OtherFigure[];
}

export interface OtherFigure {
  readonly peer: OtherPeer;
  readonly figure: number | undefined;
}

export interface Result extends Figures {
  readonly name: string;
  readonly unit: string;
  readonly goal?: Goal;
}

/** The median of several runs, and the ratio of the medians. */
export interface Summary extends Result {
  readonly ratio: number | undefined;
  readonly others: readonly OtherSummary[];
  readonly reached: boolean | undefined;
}

export interface OtherSummary extends OtherFigure {
  readonly ratio: number | undefined;
}

export function summarise(runs: readonly (readonly Result[])[]): Summary[] {
  const [first = []] = runs;
  return first.map((result, i) => {
    const results = runs.map((run) => run[i]).filter((each) => each !== undefined);
    const floor = medianOf(results.map((each) => each.floor));
    const ours = median(results.map((each) => each.ours));
    const ratio = ratioOf(ours, floor);
    const others = (result.others ?? []).map(({ peer }, at) => {
      const figure = medianOf(results.map((each) => each.others?.[at]?.figure));
      return { peer, figure, ratio: ratioOf(figure, floor) };
    });
    return { ...result, floor, ours, ratio, others, reached: isReached(result.goal, ours, ratio) };
  });
}

function medianOf(figures: readonly (number | undefined)[]): number | undefined {
  const measured = figures.filter((figure) => figure !== undefined);
  return measured.length === 0 ? undefined : median(measured);
}

function ratioOf(figure: number | undefined, floor: number | undefined): number | undefined {
  return figure === undefined || floor === undefined ? undefined : figure / floor;
}

function isReached(goal: Goal | undefined, ours: number, ratio: number | undefined): boolean | undefined {
  if (goal === undefined) return undefined;
  if ('atMost' in goal) return ours <= goal.atMost;
  if (ratio === undefined) return undefined;
  return 'ratio' in goal ? ratio <= goal.ratio : ratio >= goal.atLeastRatio;
}

/** The results of one scenario. What else was measured beside the floor and Breakwater has a column of its own. */
export function toResultTable(summaries: readonly Summary[]): string {
  const others = summaries[0]?.others ?? [];
  const heads = ['work', 'floor', ...others.map(({ peer }) => peer), 'Breakwater', 'ratio', 'goal', ''];
  return toTable(heads, summaries.map(toLine));
}

function toLine({ name, unit, floor, ours, others, ratio, goal, reached }: Summary): string[] {
  return [
    name,
    figureText(floor, unit),
    ...others.map((other) => otherText(other, unit)),
    figureText(ours, unit),
    ratioText(ratio),
    goalText(goal, unit),
    reached === undefined ? '' : reached ? 'reached' : 'missed',
  ];
}

function otherText({ figure, ratio }: OtherSummary, unit: string): string {
  return ratio === undefined ? figureText(figure, unit) : `${figureText(figure, unit)}, ${ratioText(ratio)}`;
}

function figureText(figure: number | undefined, unit: string): string {
  return figure === undefined ? '–' : `${round(figure)} ${unit}`;
}

function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? '–' : `${ratio.toFixed(2)} ×`;
}

function goalText(goal: Goal | undefined, unit: string): string {
  if (goal === undefined) return '';
  if ('atMost' in goal) return `≤ ${goal.atMost} ${unit}`;
  return 'ratio' in goal ? `≤ ${goal.ratio} ×` : `≥ ${goal.atLeastRatio} ×`;
}

function round(value: number): string {
  if (value === 0) return '0';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
