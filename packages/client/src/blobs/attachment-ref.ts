/** An attachment, and the document that has it. */
export interface AttachmentRef {
  readonly collection: string;
  /** Of the document. */
  readonly id: string;
  /** Of the attachment within its document. */
  readonly name: string;
  readonly digest: string;
  /** Bytes of the whole. */
  readonly length: number;
  readonly type: string;
}
