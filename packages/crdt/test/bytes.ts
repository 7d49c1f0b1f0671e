import { encodeState, type State } from '../src/index.ts';

/** Two states say the same if and only if these are equal. */
export function hexOf(state: State): string {
  return Buffer.from(encodeState(state)).toString('hex');
}

/** From '01 ff'. */
export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}
