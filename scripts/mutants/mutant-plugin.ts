import { join } from 'node:path';
import { normalizePath, type Plugin } from 'vite';
import { mutate, type SourceMutant } from './source-mutant.ts';

interface MutantPlugin extends Plugin {
  /** @throws Error when the guard does not stand in the code exactly once. */
  transform(code: string, id: string): string | undefined;
}

/** Takes the guard out of its file on the way into a test. */
export function mutantPlugin(mutant: SourceMutant, root: string): MutantPlugin {
  const path = normalizePath(join(root, mutant.file));
  return {
    name: 'breakwater-mutant',
    // The guard is compared with the source as it was written, before its types are gone.
    enforce: 'pre',
    transform: (code, id) => (id === path ? mutate(code, mutant) : undefined),
  };
}
