import { catchUp } from './catch-up.ts';
import { fanOut } from './fan-out.ts';
import { firstSync } from './first-sync.ts';
import { patch } from './patch.ts';
import type { Scenario } from './scenario.ts';

/** In the order in which they are measured. */
export const scenarios: readonly Scenario[] = [firstSync, patch, fanOut, catchUp];
