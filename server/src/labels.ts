import type { JsonObject } from '@breakwater/crdt';

/** Who may read a row: every session that has one of these labels. */
export type Labels = readonly string[];

/**
 * Says by which labels a document may be read: by every session that has one of them, by nobody if there are none. Asked
 * about each document that is about to be written, as it will be, with what was pushed merged in; a deleted one keeps the
 * labels that it had. The document is a copy.
 *
 * A row keeps its labels until it is written again: what the hook depends on beside the document does not change who reads.
 * Promises are waited for up to 20 seconds. When it throws, or answers anything but a list of at most 1,000 texts, the row is
 * refused as `invalid`; when it rejects, the whole push fails for now, and the client tries again later.
 */
export type LabelsOf = (
  collection: string,
  document: JsonObject,
  row: { readonly tenant: string; readonly id: string },
) => Labels | Promise<Labels>;

/** A row is everybody's of its tenant. */
export const everybodys: LabelsOf = (_collection, _document, { tenant }) => [tenant];

/** What a session may read when its identity names no labels. */
export function defaultLabels(tenant: string): Labels {
  return [tenant];
}

/** Two sessions with the same text may read the same rows. */
export function labelsText(labels: Labels): string {
  return JSON.stringify([...new Set(labels)].sort());
}

export function mayRead(sessionLabels: Labels, rowLabels: Labels): boolean {
  return rowLabels.some((label) => sessionLabels.includes(label));
}
