import { ReplicationEndedError } from '../errors.ts';
import type { AttachmentRef } from './attachment-ref.ts';
import { createDownload, type Download } from './download.ts';
import type { DownloadsOptions, FetchOptions } from './download-options.ts';
import { createGate } from './gate.ts';

/** Fetches bytes that are not here, each blob once however many ask for it. */
export interface Downloads {
  /**
   * @throws AttachmentMissingError when they cannot be had, or not now; ReplicationEndedError; what aborted the signal.
   */
  fetch(ref: AttachmentRef, options: FetchOptions): Promise<Blob>;
  /** The server has these now. */
  onHere(digests: readonly string[]): void;
  /** Ends all of them; what has come of each is kept for the next run of the app. */
  stop(): Promise<void>;
}

/** Blobs on their way at once: more would only take longer each. */
const DOWNLOADS_AT_ONCE = 3;

export function createDownloads(options: DownloadsOptions): Downloads {
  /** The latest of each: one that was given up may still be keeping what has come of it. */
  const downloadByDigest = new Map<string, Download>();
  const downloads = new Set<Download>();
  const gate = createGate(() => DOWNLOADS_AT_ONCE);
  let isStopped = false;

  function start(ref: AttachmentRef): Download {
    const download = createDownload(ref, { ...options, gate });
    downloadByDigest.set(ref.digest, download);
    downloads.add(download);
    void download.over.then(() => {
      downloads.delete(download);
      if (downloadByDigest.get(ref.digest) === download) downloadByDigest.delete(ref.digest);
    });
    return download;
  }

  return {
    async fetch(ref, { wait, signal }) {
      if (isStopped) throw new ReplicationEndedError();
      signal?.throwIfAborted();
      const latest = downloadByDigest.get(ref.digest);
      const download = latest?.isOpen ? latest : start(ref);
      return download.join(ref, { wait, signal });
    },
    onHere(digests) {
      for (const digest of digests) downloadByDigest.get(digest)?.askAgain();
    },
    async stop() {
      isStopped = true;
      for (const download of downloads) download.end(new ReplicationEndedError());
      await Promise.all([...downloads].map(({ over }) => over));
    },
  };
}
