import { formatStamp, type Json, NO_STAMP, type Path, type Register, type Stamp, type State } from '../src/index.ts';

/** A stamp that is told apart by its time. */
export function at(ms: number, node = 'aaaaaaaaaa'): Stamp {
  return formatStamp({ ms, counter: 0, node });
}

type Registers = { readonly [path: string]: readonly [Stamp, Json | undefined] };

export function whole(registers: Registers, generation: Stamp = NO_STAMP): State {
  return { generation, registers: toMap(registers), partial: false };
}

export function partial(registers: Registers, generation: Stamp = NO_STAMP): State {
  return { ...whole(registers, generation), partial: true };
}

function toMap(registers: Registers): Map<Path, Register> {
  return new Map(Object.entries(registers).map(([path, [stamp, value]]) => [path as Path, { stamp, value }]));
}
