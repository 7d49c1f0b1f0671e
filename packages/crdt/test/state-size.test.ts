import { expect, test } from 'vitest';
import { type Clock, createClock, encodeState, type Json, newestStamp, type Path, type State } from '../src/index.ts';
import { whole } from './states.ts';

const fields: { [path: string]: Json } = {
  title: 'Shopping list for friday',
  body: 'Milk, bread, six eggs, coffee and a birthday card',
  author: 'user-42',
  color: '#ffcc00',
  done: false,
  priority: 3,
  createdAt: 1_760_000_000_000,
  updatedAt: 1_760_000_000_000,
};

let now = 1_760_000_000_000;
const clocks = Array.from({ length: 5 }, () => createClock({ now: () => now }));

function fresh(): State {
  const stamp = (clocks[0] as Clock).next();
  return whole(Object.fromEntries(Object.entries(fields).map(([path, value]) => [path, [stamp, value]])));
}

function update(state: State, times: number, writers: readonly Clock[]): State {
  const paths = Object.keys(fields) as Path[];
  let current = state;
  for (let i = 0; i < times; i++) {
    now += 1000 + 137 * (i % 17);
    const path = paths[(i * 5) % paths.length] as Path;
    const stamp = (writers[i % writers.length] as Clock).next(newestStamp(current));
    const registers = new Map(current.registers).set(path, { stamp, value: fields[path] });
    current = { ...current, registers };
  }
  return current;
}

test('[CR140] a fresh row of eight fields is smaller than its JSON', () => {
  expect(encodeState(fresh()).length).toBeLessThan(JSON.stringify({ id: 'note-000000000001', ...fields }).length);
});

test('[CR141] after 1,000 updates by one node a row is at most 1.2 times as large', () => {
  const row = fresh();
  const updated = update(row, 1000, clocks.slice(0, 1));
  expect(encodeState(updated).length / encodeState(row).length).toBeLessThanOrEqual(1.2);
});

test('[CR142] after 1,000 updates by five nodes a row is at most 1.4 times as large', () => {
  const row = fresh();
  const updated = update(row, 1000, clocks);
  expect(encodeState(updated).length / encodeState(row).length).toBeLessThanOrEqual(1.4);
});
