import { childPath, type Path, toPath } from './path.ts';
import type { Register, State } from './state.ts';

/** A counter has a register for each replica that counted, which only that replica writes. */
export function counterPath(field: string, replica: string): Path {
  return childPath(toPath([field]), replica);
}

/** Is this the register of some replica for the counter? */
export function isCounterPath(path: Path, field: string): boolean {
  const parent = `${toPath([field])}.`;
  return path.startsWith(parent) && !path.includes('.', parent.length);
}

/** The sum of what all replicas counted. */
export function readCounter({ registers }: Pick<State, 'registers'>, field: string): number {
  let sum = 0;
  // In the order of the paths: sums of fractions depend on it.
  for (const path of [...registers.keys()].sort()) if (isCounterPath(path, field)) sum += countOf(registers.get(path));
  return Number.isFinite(sum) ? sum : 0;
}

function countOf(register: Register | undefined): number {
  return typeof register?.value === 'number' ? register.value : 0;
}
