import type { PropertySchema } from '@breakwater/crdt';

/**
 * A value about halfway between two of a field's, greater than `low` and less than `high`. Undefined: there is none, or
 * none that would be quicker to find than by looking at the documents. A bound that is undefined is the end of the field's
 * range.
 */
export function midpoint(property: PropertySchema, low: unknown, high: unknown): string | number | undefined {
  switch (property.type) {
    case 'string':
      return textBetween(String(low ?? ''), typeof high === 'string' ? high : undefined, Number(property.maxLength));
    case 'number':
    case 'integer':
      return numberBetween(
        Number(low ?? property.minimum),
        Number(high ?? property.maximum),
        Number(property.multipleOf),
      );
    default:
      return undefined;
  }
}

function numberBetween(low: number, high: number, step: number): number | undefined {
  const middle = Math.round((low + (high - low) / 2) / step) * step;
  return middle > low && middle < high ? middle : undefined;
}

/** One more than the greatest code unit. */
const END = 0x1_0000;

/** The memory storage fills texts up with spaces: one that goes on with a space, or less, does not come after. */
const SPACE = 0x20;

/** Most texts are of letters below one of these: cutting there first spares many steps. */
const CUTS = [0x80, 0x800];

function textBetween(low: string, high: string | undefined, maxLength: number): string | undefined {
  let at = 0;
  while (high !== undefined && at < high.length && low.charCodeAt(at) === high.charCodeAt(at)) at++;
  // From where they differ, `high` bounds the first letter only; behind an equal one there is no bound.
  for (let bound = high?.charCodeAt(at); at < maxLength; at++, bound = undefined) {
    const letter = letterBetween(Math.max(SPACE, low.charCodeAt(at) || 0), bound ?? END);
    if (letter !== undefined) return low.slice(0, at).padEnd(at, '\0') + String.fromCharCode(letter);
  }
  return undefined;
}

function letterBetween(low: number, high: number): number | undefined {
  const middle = CUTS.find((cut) => low < cut && cut < high) ?? low + Math.floor((high - low) / 2);
  if (middle <= low || middle >= high) return undefined;
  // Half of a surrogate pair is no letter.
  if (middle < 0xd800 || middle > 0xdfff) return middle;
  return low < 0xd7ff ? 0xd7ff : high > 0xe000 ? 0xe000 : undefined;
}
