export { allCases, type Case, type PlayedCase, playCase } from './cases.ts';
export { MUTANTS, type Mutant } from './mutants.ts';
export { OPERATIONS, type Played, type PlayOptions, play, REPLICAS } from './play.ts';
export { type PlayedLabels, type PlayLabelsOptions, playLabels } from './play-labels.ts';
