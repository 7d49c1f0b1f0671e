import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkProperty } from '../../crdt/test/check-property.ts';
import { down, up } from '../src/index.ts';
import { downMessages, upMessages } from './arbitraries.ts';

test('[PR1] every message of a client comes back from its frame', () => {
  checkProperty(
    fc.property(upMessages, (message) => {
      expect(up.decode(up.encode(message))).toStrictEqual(message);
    }),
    1000,
  );
});

test('[PR2] every message of a server comes back from its frame', () => {
  checkProperty(
    fc.property(downMessages, (message) => {
      expect(down.decode(down.encode(message))).toStrictEqual(message);
    }),
    1000,
  );
});

test('[PR3] a frame inside a larger buffer decodes the same', () => {
  checkProperty(
    fc.property(upMessages, (message) => {
      const frame = up.encode(message);
      const buffer = new Uint8Array([255, 255, ...frame, 255]);
      expect(up.decode(buffer.subarray(2, 2 + frame.length))).toStrictEqual(message);
    }),
  );
});
