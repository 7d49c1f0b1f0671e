import { type Refused, refuse } from '../inspect-push.ts';
import type { BlobRef, BlobUse } from '../store.ts';
import { blobText } from './read-attachments.ts';

/** What a tenant's rows may refer to together, while a push is decided. */
export interface BlobBudget {
  /** One row refers to others from now on. Refused when the tenant would have more than it may, and more than it has. */
  change(before: readonly BlobRef[], after: readonly BlobRef[]): Refused | undefined;
}

export function createBlobBudget(use: BlobUse, maxBytes: number): BlobBudget {
  /** Rows with a blob, where the push has looked. */
  const counts = new Map<string, number>();
  let bytes = maxBytes === Number.POSITIVE_INFINITY ? 0 : use.bytes();

  return {
    change(before, after) {
      if (maxBytes === Number.POSITIVE_INFINITY || (before.length === 0 && after.length === 0)) return undefined;
      const added = without(after, before);
      const removed = without(before, after);
      const growth = bytesOf(added.filter((blob) => countOf(blob) === 0));
      const shrinkage = bytesOf(removed.filter((blob) => countOf(blob) === 1));
      const next = bytes + growth - shrinkage;
      if (growth > shrinkage && next > maxBytes) return refuseBytes(next);
      bytes = next;
      for (const blob of added) counts.set(blobText(blob), countOf(blob) + 1);
      for (const blob of removed) counts.set(blobText(blob), countOf(blob) - 1);
      return undefined;
    },
  };

  function countOf(blob: BlobRef): number {
    return counts.get(blobText(blob)) ?? use.rowsWith(blob);
  }

  function refuseBytes(next: number): Refused {
    return refuse('over-quota', `the attachments would have ${next} bytes together, and may have ${maxBytes}`);
  }
}

function without(blobs: readonly BlobRef[], others: readonly BlobRef[]): BlobRef[] {
  const texts = new Set(others.map(blobText));
  return blobs.filter((blob) => !texts.has(blobText(blob)));
}

function bytesOf(blobs: readonly BlobRef[]): number {
  return blobs.reduce((sum, { length }) => sum + length, 0);
}
