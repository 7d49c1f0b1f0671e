import type { Attack } from './attack.ts';
import { FLOODS } from './floods.ts';
import { HANDSHAKES } from './handshakes.ts';
import { IMPOSTORS } from './impostors.ts';
import { MESSAGES } from './messages.ts';
import { VIOLATIONS } from './violations.ts';

export const ATTACKS: readonly Attack[] = [...HANDSHAKES, ...VIOLATIONS, ...IMPOSTORS, ...MESSAGES, ...FLOODS];
