import { defaultClientConditions, defaultServerConditions } from 'vite';

const source = 'breakwater-source';

/** Two copies of one of these compare their own classes and find every foreign object wrong. */
const singletons = ['lib0', 'rxdb', 'rxjs', 'y-protocols', 'yjs'];

/** Tests import packages as they stand in their sources, not as they were built. */
export const fromSource = {
  resolve: { conditions: [source, ...defaultClientConditions], dedupe: singletons },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
};

/** node:sqlite still announces itself as experimental, once in every worker. */
export const quiet = ['--disable-warning=ExperimentalWarning'];
