import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { down, MIN_PROTOCOL_VERSION, PROTOCOL_VERSION, up } from '../src/index.ts';
import { downSamples, upSamples } from './samples.ts';

type BytesByMessage = { readonly [message: string]: string };

/** The bytes of the sample messages, by protocol version. Versions that were released stay as they are. */
const locked: { readonly [version: string]: BytesByMessage } = JSON.parse(
  readFileSync(new URL('wire-lock.json', import.meta.url), 'utf8'),
);

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function encodeSamples(): BytesByMessage {
  const ups = Object.entries(upSamples).map(([type, samples]) => [
    `up ${type}`,
    samples.map(up.encode).map(hex).join(' '),
  ]);
  const downs = Object.entries(downSamples).map(([type, samples]) => [
    `down ${type}`,
    samples.map(down.encode).map(hex).join(' '),
  ]);
  return Object.fromEntries([...ups, ...downs]);
}

const encoded = encodeSamples();
const advice =
  'The bytes of this message changed. If that is meant: raise PROTOCOL_VERSION in src/version.ts, say there what the ' +
  'version brings, describe it in docs/PROTOCOL.md, and add to test/wire-lock.json, under the new version: ';

describe('[PR40] a message keeps its bytes as long as the protocol keeps its version', () => {
  test.each(Object.entries(encoded))('%s', (message, bytes) => {
    const entries = JSON.stringify({ [PROTOCOL_VERSION]: encoded }, null, 2);
    expect(bytes, `${advice}\n${entries}\n`).toBe(locked[PROTOCOL_VERSION]?.[message]);
  });
});

test('[PR41] no message vanishes without a new version', () => {
  expect(Object.keys(encoded).sort()).toEqual(Object.keys(locked[PROTOCOL_VERSION] ?? {}).sort());
});

test("[PR42] the newest locked version is the protocol's", () => {
  expect(Math.max(...Object.keys(locked).map(Number))).toBe(PROTOCOL_VERSION);
  expect(MIN_PROTOCOL_VERSION).toBeLessThanOrEqual(PROTOCOL_VERSION);
});
