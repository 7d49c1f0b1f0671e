import type { JsonObject } from '@breakwater/crdt';

/** What a user is about to change in one document. The documents are copies: the hook may keep or change them. */
export interface ProposedWrite {
  readonly tenant: string;
  readonly user: string;
  /** What the session may read. */
  readonly labels: readonly string[];
  readonly collection: string;
  readonly id: string;
  /** The document as it is stored. Undefined: there is none, or it is deleted. */
  readonly before: JsonObject | undefined;
  /**
   * The document as it would be stored, with what was pushed merged in; whether it fits the schema is looked at later.
   * Undefined: it would be deleted. With `before` undefined too, something changes within a deleted document, or a
   * document is deleted that the server never had.
   */
  readonly after: JsonObject | undefined;
}

/** True: it may be stored. False, or why not, in words that the user gets to see: it is refused. */
export type Permission = boolean | string;

/**
 * Decides whether a user may write something; asked about every row that would change. Documents are as an app shows them
 * when the server knows the definitions, else bare fields.
 *
 * Promises are waited for up to 20 seconds, those of all rows of a push at once; when somebody else changes a row
 * meanwhile, the hook is asked about it again. An answer without a promise is never overtaken. A hook that throws, rejects
 * or answers anything else fails the whole push for now: it goes to the log, and the client tries again later.
 */
export type Authorize = (write: ProposedWrite) => Permission | Promise<Permission>;
