import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attachmentName, attachmentPath, decodeState, encodeState, segmentsOf, toPath } from '../src/index.ts';
import { checkProperty } from './check-property.ts';
import { at, whole } from './states.ts';

const names = fc
  .oneof(fc.constantFrom('', '.', '%', '%2E', '%25', '%2e', 'a.b'), fc.string({ unit: 'grapheme' }))
  .filter((name) => name.isWellFormed() && name !== '__proto__');

test('[CR60] the names of a path come back from it', () => {
  checkProperty(
    fc.property(fc.array(names, { minLength: 1, maxLength: 5 }), (segments) => {
      expect(segmentsOf(toPath(segments))).toEqual(segments);
    }),
    1000,
  );
});

test('[CR61] different names have different paths', () => {
  expect(new Set([['a', 'b'], ['a.b'], ['a%2Eb'], ['a%252Eb']].map(toPath)).size).toBe(4);
});

test('[CR62] every path can be sent', () => {
  checkProperty(
    fc.property(fc.array(names, { minLength: 1, maxLength: 5 }), (segments) => {
      const path = toPath(segments);
      const sent = decodeState(encodeState(whole({ [path]: [at(1), 1] })));
      expect([...sent.registers.keys()]).toEqual([path]);
    }),
  );
});

test('[CR63] an attachment has one path, and only that path has its name', () => {
  checkProperty(
    fc.property(names, (name) => {
      expect(attachmentName(attachmentPath(name))).toBe(name);
    }),
  );
  expect(attachmentName(toPath(['_attachments']))).toBeUndefined();
  expect(attachmentName(toPath(['_attachments', 'a', 'b']))).toBeUndefined();
  expect(attachmentName(toPath(['_attachmentsX', 'a']))).toBeUndefined();
});
