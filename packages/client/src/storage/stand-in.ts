import { isDigest } from '@breakwater/protocol';
import type { BulkWriteRow, RxAttachmentWriteData } from 'rxdb';
import type { StoredDocument } from './row-meta.ts';

/*
 * RxDB wants the bytes of an attachment in the very write that names it. When a row comes from the server they are not
 * here, so a stand-in takes their place. It is a real Blob, which every storage keeps, and which wrappers that compress or
 * encrypt can read: a mark, then as many of the bytes as an interrupted download has brought.
 */

type WriteRow = BulkWriteRow<{ [field: string]: unknown }>;
type Attachments = { readonly [name: string]: RxAttachmentWriteData };

const WORDS = 'breakwater: these bytes are elsewhere: ';
const MARK_BYTES = WORDS.length + 64;

/** No bytes hold their own sha-256: nothing that a user attaches can be taken for the stand-in of itself. */
function markOf(digest: string): string {
  return WORDS + digest;
}

/** @param part the beginning of the bytes, if some of them are here. */
export function createStandIn(digest: string, length: number, part?: Blob): Blob {
  const standIn = new Blob([markOf(digest), ...(part === undefined ? [] : [part])]);
  // RxDB takes the attachment's length from here when it is written.
  Object.defineProperty(standIn, 'size', { value: length });
  return standIn;
}

export interface StandIn {
  /** Of the bytes that it stands in for. */
  readonly digest: string;
  /** As many of them as are here. */
  readonly part: Blob;
}

/** Undefined: `data` is no stand-in, but bytes. */
export async function readStandIn(data: Blob): Promise<StandIn | undefined> {
  const mark = await data.slice(0, MARK_BYTES).text();
  const digest = mark.slice(WORDS.length);
  if (!isDigest(digest) || mark !== markOf(digest)) return undefined;
  // The whole of it: its own size may be that of the attachment.
  return { digest, part: new Blob([(await data.arrayBuffer()).slice(MARK_BYTES)]) };
}

/** The row, with a stand-in for each attachment that RxDB needs bytes of and that brings none. */
export function withStandIns(row: WriteRow): WriteRow {
  const attachments = attachmentsOf(row.document);
  if (isEmpty(attachments)) return row;
  const before = attachmentsOf(row.previous);
  const missing = Object.entries(attachments).filter(([name, { data, digest }]) => {
    return data === undefined && !(Object.hasOwn(before, name) && before[name]?.digest === digest);
  });
  if (missing.length === 0) return row;
  const standIns = missing.map(([name, attachment]) => {
    return [name, { ...attachment, data: createStandIn(attachment.digest, attachment.length) }] as const;
  });
  const _attachments = { ...attachments, ...Object.fromEntries(standIns) };
  return { ...row, document: { ...row.document, _attachments } };
}

/**
 * The row, such that RxDB stores all bytes that it brings. Of an attachment that has them already it would not: and what it
 * has may be a stand-in.
 */
export function withGivenBytes(row: WriteRow): WriteRow {
  const { previous } = row;
  if (previous === undefined) return row;
  const before = attachmentsOf(previous);
  const given = Object.entries(attachmentsOf(row.document)).filter(([name, { data, digest }]) => {
    return data !== undefined && Object.hasOwn(before, name) && before[name]?.digest === digest;
  });
  if (given.length === 0) return row;
  const names = new Set(given.map(([name]) => name));
  const others = Object.fromEntries(Object.entries(before).filter(([name]) => !names.has(name)));
  return { ...row, previous: { ...previous, _attachments: others as StoredDocument['_attachments'] } };
}

function isEmpty(attachments: Attachments): boolean {
  for (const _ in attachments) return false;
  return true;
}

function attachmentsOf(document: WriteRow['document'] | undefined): Attachments {
  return (document?._attachments ?? {}) as Attachments;
}
