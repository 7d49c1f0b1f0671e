/** A database or a collection. */
interface Closable {
  onClose: (() => unknown)[];
}

/** Calls back when it is closed. The answer takes that back. */
export function whenClosed(target: Closable, callback: () => void): () => void {
  target.onClose.push(callback);
  return () => {
    target.onClose = target.onClose.filter((other) => other !== callback);
  };
}
