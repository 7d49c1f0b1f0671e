/** Calls back when the browser says that the network is back or the page is seen again. Answers how to stop. */
export function listenForHints(onHint: () => void): () => void {
  if (typeof document === 'undefined' || typeof window === 'undefined') return () => {};
  const controller = new AbortController();
  const { signal } = controller;
  window.addEventListener('online', onHint, { signal });
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && onHint(), { signal });
  return () => controller.abort();
}
