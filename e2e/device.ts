import type { Browser, Locator, Page } from 'playwright';
import { expect } from 'vitest';

/** A device of the demo page. */
export interface Device {
  readonly page: Page;
  /** Its part of the page. */
  readonly root: Locator;
  /** The others' cursors in the note's text, by the names that stand at them. */
  cursors(): Promise<string[]>;
  newNote(title: string): Promise<void>;
  openNote(title: string): Promise<void>;
  write(field: Field, text: string): Promise<void>;
  read(field: Field): Promise<string>;
  /** Waits until the field shows the text. */
  sees(field: Field, text: string): Promise<void>;
  lamp(state: string): Promise<void>;
  weather(weather: Weather): Promise<void>;
  setConnected(isConnected: boolean): Promise<void>;
  /** Waits until so many changes are pending. */
  hasPending(count: number): Promise<void>;
  /** Waits until nothing is pending. */
  isSaved(): Promise<void>;
  /** Waits until it has so many places. */
  hasPlaces(count: string): Promise<void>;
  /** Closes the window, with every device in it. */
  end(): Promise<void>;
}

export type Field = 'title' | 'body' | 'place' | 'country' | 'tags';

export type Weather = 'clear' | 'slow' | 'lossy' | 'silent' | 'cut' | 'storm';

/** A visitor with one device: a browser profile of its own, with the demo page open in it. */
export async function openDevice(browser: Browser, url: string, name: string): Promise<Device> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/?device=${name}`);
  return deviceOn(page, name);
}

/** A visitor with two devices side by side, as the page opens by itself. */
export async function openPair(browser: Browser, url: string): Promise<readonly [Device, Device]> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(url);
  return [deviceOn(page, 'a'), deviceOn(page, 'b')];
}

/** The device of this name on a page that is open. */
export function deviceOn(page: Page, name: string): Device {
  const root = page.getByTestId(`device-${name}`);
  const byId = (id: string) => root.getByTestId(id);
  const body = () => root.evaluate(readBody);

  async function text(id: string, expected: string): Promise<void> {
    await expect.poll(() => byId(id).textContent(), { timeout: 60_000 }).toBe(expected);
  }

  async function weather(weather: Weather): Promise<void> {
    await byId(`weather-${weather}`).check({ force: true });
  }

  return {
    page,
    root,
    cursors: () => root.locator('.cm-ySelectionInfo').allTextContents(),
    async newNote(title) {
      await byId('new-note').click();
      await byId('note-title').fill(title);
    },
    openNote: (title) => byId('note-row').filter({ hasText: title }).click(),
    write: (field, text) => byId(`note-${field}`).fill(text),
    read: (field) => (field === 'body' ? body() : byId(`note-${field}`).inputValue()),
    async sees(field, text) {
      const read = field === 'body' ? body : () => byId(`note-${field}`).inputValue();
      await expect.poll(read, { timeout: 30_000 }).toBe(text);
    },
    lamp: (state) => root.locator(`[data-testid="lamp"][data-state="${state}"]`).waitFor(),
    weather,
    setConnected: (isConnected) => weather(isConnected ? 'clear' : 'cut'),
    hasPending: (count) => text('pending', String(count)),
    isSaved: () => text('pending', '0'),
    hasPlaces: (count) => text('note-count', `${count} places`),
    end: () => page.context().close(),
  };
}

/** The lines of the editor, without what is only shown in them. Runs in the page. */
function readBody(root: Element): string {
  const lines = [...root.querySelectorAll('[data-testid="note-body"] .cm-line')].map((line) => {
    const copy = line.cloneNode(true) as Element;
    for (const shown of copy.querySelectorAll('.cm-ySelectionCaret, .cm-placeholder')) shown.remove();
    return copy.textContent ?? '';
  });
  return lines.join('\n');
}
