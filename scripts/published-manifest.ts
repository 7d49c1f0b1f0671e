/** A package.json, as far as it matters here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly [field: string]: unknown;
}

/** Leads to the sources, which are not published. */
const SOURCE = 'breakwater-source';

/**
 * What consumers get of a package.json: without what only this repository uses, and with the types first in each entry.
 * An entry that has nothing but its source is for tests, and left out.
 */
export function publishedManifest({ exports, scripts: _, devDependencies: __, ...rest }: Manifest): Manifest {
  const entries = Object.entries(exports).flatMap(([entry, { [SOURCE]: _source, ...built }]) =>
    Object.keys(built).length === 0 ? [] : [[entry, built] as const],
  );
  return { ...rest, exports: Object.fromEntries(entries) } as Manifest;
}
