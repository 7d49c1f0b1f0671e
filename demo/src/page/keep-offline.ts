/** Whether this is a build: the development server has no list of files to keep. */
declare const BUILT: boolean;

/** Keeps the page itself on the device, so that it opens without a server. What it shows is there anyway. */
export function keepOffline(): void {
  if (!BUILT || !('serviceWorker' in navigator)) return;
  // After the first load: it must not compete with it.
  window.addEventListener('load', () => {
    navigator.serviceWorker.register('./service-worker.js', { type: 'module' }).catch((error: unknown) => {
      console.warn('The page is not kept for offline use:', error);
    });
  });
}
