/** Calls back when the page is hidden or left: the last moments in which it can begin a write. Answers how to stop. */
export function listenForHiding(onHiding: () => void): () => void {
  if (!isPage()) return () => {};
  const controller = new AbortController();
  const { signal } = controller;
  window.addEventListener('pagehide', onHiding, { signal });
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && onHiding(), { signal });
  return () => controller.abort();
}

/** Calls back when the page is left; it may come back from the browser's cache. Answers how to stop. */
export function listenForLeaving(onLeaving: () => void): () => void {
  if (!isPage()) return () => {};
  const controller = new AbortController();
  window.addEventListener('pagehide', onLeaving, { signal: controller.signal });
  return () => controller.abort();
}

/** Not a worker, not Node. */
export function isPage(): boolean {
  return typeof document !== 'undefined' && typeof window !== 'undefined';
}
