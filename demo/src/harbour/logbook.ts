import { byId, setText } from '../dom.ts';

/** What happened, the latest first. */
export interface Logbook {
  add(device: string, text: string, tone?: 'plain' | 'strong'): LogEntry;
}

export interface LogEntry {
  /** It goes on: the same entry says more, as long as it is the latest of its device. */
  amend(text: string): boolean;
}

/** Entries that are kept. */
const MOST = 40;

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export function createLogbook(): Logbook {
  const list = byId('log', HTMLOListElement);
  // Whoever has no wheel scrolls it with the keys.
  list.tabIndex = 0;
  const latestByDevice = new Map<string, HTMLElement>();

  return {
    add(device, text, tone = 'plain') {
      const entry = document.createElement('li');
      entry.className = `is-${tone}`;
      const [time, name, what] = ['time', 'b', 'span'].map((tag) => entry.appendChild(document.createElement(tag)));
      if (time !== undefined) time.textContent = clock.format(Date.now());
      if (name !== undefined) name.textContent = device;
      if (what !== undefined) what.textContent = text;
      list.prepend(entry);
      latestByDevice.set(device, entry);
      while (list.children.length > MOST) list.lastElementChild?.remove();
      return {
        amend(text) {
          const isLatest = latestByDevice.get(device) === entry;
          if (isLatest && what !== undefined) setText(what, text);
          return isLatest;
        },
      };
    },
  };
}
