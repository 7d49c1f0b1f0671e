import { attachmentName, isDeleted, type Json, type Path, type State, sameValue } from '@breakwater/crdt';
import { isDigest } from '@breakwater/protocol';
import { type Refused, refuse, shorten } from '../inspect-push.ts';
import type { BlobRef } from '../store.ts';

/** Bytes of what nobody has as a file. Bounds what the sum of a tenant may become, whatever came from outside. */
const MAX_LENGTH = 2 ** 40;

const NONE: readonly never[] = [];

/** What a row refers to: the attachments of a live one, each blob once. What cannot be one is passed over. */
export function blobsOf(state: State): readonly BlobRef[] {
  const attachments = attachmentsOf(state);
  if (attachments.length === 0) return NONE;
  const found = new Map<string, BlobRef>();
  for (const { value } of attachments) {
    const attachment = readAttachment(value);
    if (typeof attachment === 'string' || attachment.length > MAX_LENGTH) continue;
    found.set(blobText(attachment), attachment);
  }
  return [...found.values()];
}

interface NamedValue {
  readonly path: Path;
  readonly name: string;
  readonly value: Json;
}

/** Of a live row. Most have none, and this looks at every register of every row: nothing is made for those. */
function attachmentsOf(state: State): readonly NamedValue[] {
  if (isDeleted(state)) return NONE;
  let found: NamedValue[] | undefined;
  state.registers.forEach(({ value }, path) => {
    const name = attachmentName(path);
    if (name === undefined || value === undefined) return;
    found ??= [];
    found.push({ path, name, value });
  });
  return found ?? NONE;
}

/** One text for each blob as a row refers to it. */
export function blobText({ digest, length }: BlobRef): string {
  return `${digest}-${length}`;
}

export function sameBlobs(a: readonly BlobRef[], b: readonly BlobRef[]): boolean {
  if (a.length === 0 && b.length === 0) return true;
  const texts = new Set(a.map(blobText));
  return texts.size === b.length && b.every((blob) => texts.has(blobText(blob)));
}

/**
 * Refuses attachments that no blob can belong to. Only those that change are looked at: what the server has taken once
 * holds up no other change of its row.
 */
export function refuseAttachments(
  before: State | undefined,
  after: State,
  { maxBlobBytes }: { readonly maxBlobBytes: number },
): Refused | undefined {
  for (const { path, name, value } of attachmentsOf(after)) {
    if (isAsBefore(before, path, value)) continue;
    const attachment = readAttachment(value);
    const called = `the attachment '${shorten(name)}'`;
    if (typeof attachment === 'string') return refuse('invalid', `${called} ${attachment}`);
    if (attachment.length > maxBlobBytes) {
      return refuse('too-large', `${called} has ${attachment.length} bytes, and the server takes ${maxBlobBytes}`);
    }
  }
  return undefined;
}

function isAsBefore(before: State | undefined, path: Path, value: Json): boolean {
  return before !== undefined && sameValue(before.registers.get(path)?.value, value);
}

/** The blob, or what is wrong. */
function readAttachment(value: Json): BlobRef | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no object';
  const { digest, length, type } = value;
  if (!isDigest(digest)) return 'has a digest that is not 64 hexadecimal digits in lower case';
  if (!isLength(length)) return 'has a length that is no whole number of bytes';
  if (typeof type !== 'string') return 'has a type that is no text';
  return { digest, length };
}

function isLength(value: Json | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
