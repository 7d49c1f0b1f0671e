import { byId } from '../dom.ts';

/** What happened, the latest first. */
export interface Logbook {
  add(device: string, text: string, tone?: 'plain' | 'strong'): void;
}

/** Entries that are kept. */
const MOST = 40;

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export function createLogbook(): Logbook {
  const list = byId('log', HTMLOListElement);
  // Whoever has no wheel scrolls it with the keys.
  list.tabIndex = 0;
  return {
    add(device, text, tone = 'plain') {
      const entry = document.createElement('li');
      entry.className = `is-${tone}`;
      for (const [name, content] of [
        ['time', clock.format(Date.now())],
        ['b', device],
        ['span', text],
      ] as const) {
        const part = document.createElement(name);
        part.textContent = content;
        entry.append(part);
      }
      list.prepend(entry);
      while (list.children.length > MOST) list.lastElementChild?.remove();
    },
  };
}
