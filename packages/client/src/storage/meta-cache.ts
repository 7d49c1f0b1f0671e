import { type RowMeta, type StoredDocument, setRowMeta } from './row-meta.ts';

/**
 * An ack changes a document's meta under an unchanged revision, so RxDB goes on handing out the document with the old
 * one. A write that started from it would mark again what was acknowledged, and forget that the server knows the row.
 */
export interface MetaCache {
  remember(document: StoredDocument, meta: RowMeta): void;
  /** The document with the newer meta, if one is known of this very revision. */
  refresh(document: StoredDocument): StoredDocument;
}

/** Documents remembered. A write that starts from one that is not sends too much, never too little. */
const MAX_ENTRIES = 20_000;

export function createMetaCache(primaryKey: string): MetaCache {
  const entryById = new Map<string, { readonly rev: string; readonly lwt: number; readonly meta: RowMeta }>();

  function forgetOldest(): void {
    const { value, done } = entryById.keys().next();
    if (!done) entryById.delete(value);
  }

  return {
    remember(document, meta) {
      const id = document[primaryKey] as string;
      entryById.delete(id);
      entryById.set(id, { rev: document._rev, lwt: document._meta.lwt, meta });
      if (entryById.size > MAX_ENTRIES) forgetOldest();
    },
    refresh(document) {
      const entry = entryById.get(document[primaryKey] as string);
      // The lwt too: a document that was purged and inserted again has the revisions of the first one.
      if (entry?.rev !== document._rev || entry.lwt !== document._meta.lwt) return document;
      const refreshed = { ...document };
      setRowMeta(refreshed, entry.meta, document._meta.lwt);
      return refreshed;
    },
  };
}
