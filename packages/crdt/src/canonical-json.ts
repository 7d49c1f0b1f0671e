import type { Json } from './json.ts';

/** A normalised value as JSON whose keys are sorted: equal values give equal text. */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.keys(value).sort();
  return `{${entries.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`).join(',')}}`;
}

/** The value of a text that {@link canonicalJson} wrote; undefined for any other text. */
export function parseCanonicalJson(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text);
    return canonicalJson(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}
