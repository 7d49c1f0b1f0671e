import { createHash } from 'node:crypto';
import { attachmentPath, DELETED, encodeState, type Json, NO_STAMP, type Path, type State } from '@breakwater/crdt';
import type { DownMessage, Row } from '@breakwater/protocol';
import { clock, rowOf } from './hub-world.ts';

/** What a device has as an attachment. */
export interface TestBlob {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly length: number;
}

export function blobOf(bytes: Uint8Array | string): TestBlob {
  const all = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  return { bytes: all, digest: createHash('sha256').update(all).digest('hex'), length: all.length };
}

/** Bytes without a pattern that a fault could hide in. */
export function noise(length: number, seed = 1): TestBlob {
  const bytes = new Uint8Array(length);
  let value = seed;
  for (let i = 0; i < length; i++) {
    value = (Math.imul(value, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = value >>> 16;
  }
  return blobOf(bytes);
}

/** An attachment as a row has it; undefined: it was removed. */
export type Attachment = Json | Pick<TestBlob, 'digest' | 'length'> | undefined;

/** A new row with attachments by their names. */
export function rowWith(id: string, attachments: { readonly [name: string]: Attachment }): Row {
  return rowOf(id, {}, { bytes: encodeState(attachmentState(attachments, { title: 'a note' })) });
}

/** Changes attachments, or fields, of a row that is there. */
export function attach(
  id: string,
  attachments: { readonly [name: string]: Attachment },
  fields: { readonly [path: string]: Json } = {},
): Row {
  return rowOf(id, {}, { base: 0, bytes: encodeState(attachmentState(attachments, fields, true)) });
}

export function removeRow(id: string): Row {
  return attach(id, {}, { [DELETED]: true });
}

function attachmentState(
  attachments: { readonly [name: string]: Attachment },
  fields: { readonly [path: string]: Json },
  partial = false,
): State {
  const stamp = clock.next();
  const values = [
    ...Object.entries(fields).map(([path, value]) => [path as Path, value] as const),
    ...Object.entries(attachments).map(([name, value]) => [attachmentPath(name), toValue(value)] as const),
  ];
  return {
    generation: NO_STAMP,
    partial,
    registers: new Map(values.map(([path, value]) => [path, { stamp, value }])),
  };
}

function toValue(attachment: Attachment): Json | undefined {
  if (typeof attachment !== 'object' || attachment === null || !('bytes' in attachment)) return attachment as Json;
  const { digest, length } = attachment as unknown as TestBlob;
  return { digest, length, type: 'image/png' };
}

/** @throws Error when it is another message. */
export function expectType<T extends DownMessage['type']>(
  message: DownMessage | undefined,
  type: T,
): Extract<DownMessage, { type: T }> {
  if (message?.type === type) return message as Extract<DownMessage, { type: T }>;
  throw new Error(`no ${type} but ${JSON.stringify(message)}`);
}
