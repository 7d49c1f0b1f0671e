import { decodeState, encodeState, type State } from '@breakwater/crdt';

/** Everything that a replica holds: encoded states by id, tombstones included. Equal bytes: equal values and stamps. */
export type Holdings = ReadonlyMap<string, string>;

/** What the judge found wrong; empty: nothing. */
export type Verdict = readonly string[];

export interface ReplicaReport {
  readonly name: string;
  readonly holdings: Holdings;
  readonly pendingRows: number;
}

/** Compares replicas with the server: the same rows, byte for byte, and nothing left pending. */
export function judge(server: Holdings, replicas: readonly ReplicaReport[]): Verdict {
  const faults: string[] = [];
  for (const { name, holdings, pendingRows } of replicas) {
    if (pendingRows > 0) faults.push(`${name} still has ${pendingRows} rows pending`);
    for (const id of new Set([...server.keys(), ...holdings.keys()])) {
      const expected = server.get(id);
      const found = holdings.get(id);
      if (expected === found) continue;
      if (expected === undefined) faults.push(`${name} has '${id}', which the server does not know`);
      else if (found === undefined) faults.push(`${name} lacks '${id}'`);
      else faults.push(`${name} holds '${id}' as ${show(found)}, the server as ${show(expected)}`);
    }
  }
  return faults;
}

function show(hex: string): string {
  const { generation, registers, rich } = decodeState(Buffer.from(hex, 'hex'));
  return JSON.stringify({ generation, registers: [...registers], rich: rich && Buffer.from(rich).toString('hex') });
}

export function toHoldings(states: Iterable<readonly [id: string, state: State]>): Holdings {
  return new Map([...states].map(([id, state]) => [id, Buffer.from(encodeState(state)).toString('hex')]));
}
