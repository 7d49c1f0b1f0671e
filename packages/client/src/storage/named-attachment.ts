import type { StoredDocument } from './row-meta.ts';

/** An attachment as a document names it. */
export interface NamedAttachment {
  readonly name: string;
  /** The sha-256 of its bytes. */
  readonly digest: string;
  /** Bytes of the whole. */
  readonly length: number;
  readonly type: string;
}

export function namedAttachments({ _attachments }: StoredDocument): NamedAttachment[] {
  return Object.entries(_attachments ?? {}).map(([name, { digest, length, type }]) => ({ name, digest, length, type }));
}
