/** Calls `run` at once after a pause, and at most once in an interval when one request follows upon the other. */
export function createThrottle(run: () => void, intervalMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;

  function request(): void {
    isDue = timer !== undefined;
    if (isDue) return;
    run();
    timer = setTimeout(() => {
      timer = undefined;
      if (isDue) request();
    }, intervalMs);
  }
  return request;
}
