/** A rule that is switched off in the source, and the test that has to notice. */
export interface SourceMutant {
  /** What holds no more. */
  readonly rule: string;
  /** From the root of the repository on, like every path here. */
  readonly file: string;
  /** The guard as it stands in the file, to the letter. */
  readonly find: string;
  /** The same without the guard. */
  readonly replace: string;
  readonly test: {
    /** Vitest's: the title may stand in a file that it imports. */
    readonly file: string;
    /** Without the titles of what it is described in. */
    readonly title: string;
  };
}

/** @throws Error when the guard does not stand in the source exactly once. */
export function mutate(source: string, { rule, file, find, replace }: SourceMutant): string {
  const parts = source.split(find);
  if (parts.length === 2) return parts.join(replace);
  throw new Error(`the guard of '${rule}' stands in ${file} ${parts.length - 1} times, not once: ${find}`);
}
