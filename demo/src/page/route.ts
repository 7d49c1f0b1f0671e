/** Which note each device has open, as the address says it: `#a=<id>&b=<id>`. */
export interface Route {
  openNote(device: string): string | undefined;
  go(device: string, id: string | undefined): void;
}

/** @param onChange the address has changed, or the visitor went back or forward */
export function createRoute(onChange: () => void): Route {
  const read = () => new URLSearchParams(location.hash.slice(1));
  window.addEventListener('popstate', onChange);

  return {
    openNote: (device) => read().get(device) ?? undefined,
    go(device, id) {
      const notes = read();
      // From the list into a note is a step that the back button takes back; from note to note is none.
      const isStep = id !== undefined && !notes.has(device);
      if (id === undefined) notes.delete(device);
      else notes.set(device, id);
      const target = `${location.pathname}${location.search}${notes.size === 0 ? '' : `#${notes}`}`;
      if (isStep) history.pushState(null, '', target);
      else history.replaceState(null, '', target);
      onChange();
    },
  };
}
