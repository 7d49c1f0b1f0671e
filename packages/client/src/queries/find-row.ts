import type { PropertySchema } from '@breakwater/crdt';
import { midpoint } from './midpoint.ts';

/** One end of a stretch of an index. */
export interface Edge {
  readonly keys: readonly unknown[];
  readonly isIncluded: boolean;
}

/** An index of which stretches can be counted without reading a document. */
export interface CountedIndex {
  readonly start: Edge;
  readonly end: Edge;
  /** The fields that it is ordered by, the primary key last. */
  readonly properties: readonly PropertySchema[];
  /** The value that the query gives as the bound of the first field, if it gives one. */
  firstValueOf(edge: Edge): unknown;
  /** Before the first entry that begins with these values, if they are included; behind it if not. */
  before(values: readonly unknown[], isIncluded: boolean): Edge;
  /** Behind the last entry that begins with these values, if they are included. */
  behind(values: readonly unknown[], isIncluded: boolean): Edge;
  count(from: Edge, to: Edge): Promise<number>;
  /** The key of the first entry of a stretch. */
  firstKey(from: Edge, to: Edge): Promise<readonly unknown[] | undefined>;
}

/** Where to enter the index, and which row is there. */
export interface Entry {
  readonly edge: Edge;
  readonly row: number;
}

/** Walking over this many entries takes less time than counting once more would save. */
const NEAR = 150;

/** Counts that tell nothing new, one after the other, after which a document is looked at. */
const MOST_IDLE = 6;

/** No search needs as many steps; what is left then is walked over. */
const MOST_STEPS = 300;

/** Greater than every letter that follows. */
const AFTER_ALL = '\uffff';

/** The stretch that the row is in: its entries agree in the values of `prefix`, and lie between two of the next field. */
interface Cell {
  readonly prefix: readonly unknown[];
  readonly from: Edge;
  readonly to: Edge;
  readonly low: unknown;
  readonly high: unknown;
  /** The row of its first entry, and how many it has. */
  readonly row: number;
  readonly size: number;
}

/**
 * Where to enter the index so that `row` is only a few entries away. It halves the space of the first field's values and
 * counts; where one value has very many entries it goes on with the field behind it.
 */
export async function findRow(index: CountedIndex, row: number): Promise<Entry> {
  const { start, end } = index;
  const bounds = { low: index.firstValueOf(start), high: index.firstValueOf(end) };
  let cell: Cell = { prefix: [], from: start, to: end, ...bounds, row: 0, size: await index.count(start, end) };
  let idle = 0;
  for (let step = 0; step < MOST_STEPS && row - cell.row > NEAR; step++) {
    const property = index.properties[cell.prefix.length];
    const middle = property && idle < MOST_IDLE ? midpoint(property, cell.low, cell.high) : undefined;
    const next: Cell | undefined = await (middle === undefined
      ? lookAtFirst(index, cell, row)
      : halve(index, cell, row, middle));
    if (next === undefined) break;
    idle = middle !== undefined && (next.size === cell.size || next.size === 0) ? idle + 1 : 0;
    cell = next;
  }
  // Others may have written meanwhile, or the storage has another order of letters: then it is walked from the start.
  const until = { ...cell.from, isIncluded: !cell.from.isIncluded };
  return (await index.count(start, until)) === cell.row ? { edge: cell.from, row: cell.row } : { edge: start, row: 0 };
}

async function halve(index: CountedIndex, cell: Cell, row: number, middle: unknown): Promise<Cell> {
  const to = index.before([...cell.prefix, middle], false);
  const below = await index.count(cell.from, to);
  if (row < cell.row + below) return { ...cell, to, high: middle, size: below };
  const from = { ...to, isIncluded: true };
  return { ...cell, from, low: middle, row: cell.row + below, size: cell.size - below };
}

/** The first document's value: the search goes on among those that have the same, or behind all of them. */
async function lookAtFirst(index: CountedIndex, cell: Cell, row: number): Promise<Cell | undefined> {
  const { prefix } = cell;
  const key = await index.firstKey(cell.from, cell.to);
  if (key === undefined || prefix.length === index.properties.length) return undefined;
  const value = key[prefix.length];
  const values = [...prefix, value];
  const [from, to] = [index.before(values, true), index.behind(values, true)];
  const same = await index.count(from, to);
  if (row < cell.row + same)
    return { prefix: values, from, to, low: undefined, high: undefined, row: cell.row, size: same };
  const rest = {
    ...cell,
    from: { ...to, isIncluded: false },
    low: value,
    row: cell.row + same,
    size: cell.size - same,
  };
  return typeof value === 'string' ? narrow(index, rest, value) : rest;
}

/** Texts in one stretch often begin alike: what all of them share need not be searched letter by letter. */
async function narrow(index: CountedIndex, cell: Cell, value: string): Promise<Cell> {
  let found = cell;
  let shared = sharedLength(value, String(cell.high ?? ''));
  let tooLong = value.length;
  while (tooLong - shared > 1) {
    const length = Math.floor((shared + tooLong) / 2);
    const high = value.slice(0, length) + AFTER_ALL;
    const to = index.before([...cell.prefix, high], false);
    if ((await index.count(cell.from, to)) === cell.size) {
      found = { ...found, to, high };
      shared = length;
    } else tooLong = length;
  }
  return found;
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
