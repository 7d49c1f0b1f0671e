import fc from 'fast-check';
import * as encoding from 'lib0/encoding';
import { expect, test } from 'vitest';
import { beginBytes } from '../src/byte-writer.ts';
import { checkProperty } from './check-property.ts';

type Part =
  | { readonly kind: 'uint8' | 'uint' | 'float64'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

const part = <K extends Part['kind'], T>(kind: K, value: fc.Arbitrary<T>) => value.map((value) => ({ kind, value }));

/** Around the lengths at which another way of writing begins, or the number of bytes takes another byte. */
const lengths = fc.oneof(
  fc.integer({ min: 0, max: 30 }),
  fc.integer({ min: 120, max: 135 }),
  fc.constantFrom(1_000, 16_383, 16_384, 100_000),
);
const texts = fc
  .tuple(fc.constantFrom('a', 'ü', '€', '🚢', 'aü', 'abcdefg€'), lengths)
  .map(([unit, length]) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length))
  .map((text) => text.toWellFormed());
const uints = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER));
const parts = fc.array(
  fc.oneof<fc.Arbitrary<Part>[]>(
    part('uint8', fc.integer({ min: 0, max: 255 })),
    part('uint', uints),
    part('float64', fc.double()),
    part('text', texts),
    part('bytes', fc.uint8Array({ maxLength: 300 })),
  ),
  { maxLength: 12 },
);

test('[CR161] numbers, texts and bytes are written as lib0 writes them, one message after the other', () => {
  checkProperty(
    fc.property(fc.array(parts, { maxLength: 4 }), (messages) => {
      const written = messages.map(write);
      expect(written.map(toHex)).toEqual(messages.map(writeByLib0).map(toHex));
    }),
  );
});

function write(parts: readonly Part[]): Uint8Array {
  const writer = beginBytes();
  for (const { kind, value } of parts) {
    if (kind === 'text') writer.text(value);
    else if (kind === 'bytes') writer.bytes(value);
    else writer[kind](value);
  }
  return writer.end();
}

function writeByLib0(parts: readonly Part[]): Uint8Array {
  return encoding.encode((encoder) => {
    for (const { kind, value } of parts) {
      if (kind === 'text') encoding.writeVarString(encoder, value);
      else if (kind === 'bytes') encoding.writeVarUint8Array(encoder, value);
      else if (kind === 'uint8') encoding.writeUint8(encoder, value);
      else if (kind === 'uint') encoding.writeVarUint(encoder, value);
      else encoding.writeFloat64(encoder, value);
    }
  });
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
