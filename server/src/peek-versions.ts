/** The number of `connect` among the kinds of messages. */
const CONNECT = 1;

/**
 * The protocol versions that a client's first frame offers, or undefined when it is no `connect`. They stand at its start
 * in every version, so that a client from the future can be told to expect less even if the rest does not decode.
 */
export function peekVersions(frame: Uint8Array): readonly [min: number, max: number] | undefined {
  const [kind, min, max] = readVarUints(frame, 3);
  return kind === CONNECT && min !== undefined && max !== undefined ? [min, max] : undefined;
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function readVarUints(bytes: Uint8Array, count: number): number[] {
  const numbers: number[] = [];
  let value = 0;
  let factor = 1;
  for (const byte of bytes.subarray(0, count * 8)) {
    value += (byte & 127) * factor;
    factor *= 128;
    if (byte < 128) {
      numbers.push(value);
      value = 0;
      factor = 1;
    }
    if (numbers.length === count) break;
  }
  return numbers;
}
