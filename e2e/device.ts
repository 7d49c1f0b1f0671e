import type { Browser, BrowserContext, Page } from 'playwright';
import { expect } from 'vitest';

/** One visitor: a browser profile of its own, with the demo page open in it. */
export interface Device {
  readonly page: Page;
  /** The others' cursors in the note's text, by the names that stand at them. */
  cursors(): Promise<string[]>;
  newNote(title: string): Promise<void>;
  openNote(title: string): Promise<void>;
  write(field: 'title' | 'body' | 'place', text: string): Promise<void>;
  read(field: 'title' | 'body' | 'place'): Promise<string>;
  /** Waits until the field shows the text. */
  sees(field: 'title' | 'body' | 'place', text: string): Promise<void>;
  lamp(state: string): Promise<void>;
  setConnected(isConnected: boolean): Promise<void>;
  /** Waits until nothing is pending. */
  isSaved(): Promise<void>;
  pending(): Promise<number>;
  end(): Promise<void>;
}

export async function openDevice(browser: Browser, url: string, name: string): Promise<Device> {
  const context: BrowserContext = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/?device=${name}`);
  const byId = (id: string) => page.getByTestId(id);
  const isSame = ([id, text]: readonly [string, string]) =>
    document.querySelector<HTMLInputElement>(`[data-testid="${id}"]`)?.value === text;
  const body = () => page.evaluate(readBody);

  return {
    page,
    cursors: () => page.locator('.cm-ySelectionInfo').allTextContents(),
    async newNote(title) {
      await byId('new-note').click();
      await byId('note-title').fill(title);
    },
    openNote: (title) => page.getByTestId('note-row').filter({ hasText: title }).click(),
    write: (field, text) => byId(`note-${field}`).fill(text),
    read: (field) => (field === 'body' ? body() : byId(`note-${field}`).inputValue()),
    async sees(field, text) {
      if (field === 'body') return expect.poll(body, { timeout: 30_000 }).toBe(text);
      await page.waitForFunction(isSame, [`note-${field}`, text] as const);
    },
    async lamp(state) {
      await page.waitForSelector(`[data-testid="lamp"][data-state="${state}"]`);
    },
    setConnected: (isConnected) => byId('cut-switch').setChecked(isConnected, { force: true }),
    async isSaved() {
      await page.waitForFunction(() => document.querySelector('[data-testid="pending"]')?.textContent === '0');
    },
    pending: async () => Number(await byId('pending').textContent()),
    end: () => context.close(),
  };
}

/** The lines of the editor, without what is only shown in them. Runs in the page. */
function readBody(): string {
  const lines = [...document.querySelectorAll('[data-testid="note-body"] .cm-line')].map((line) => {
    const copy = line.cloneNode(true) as Element;
    for (const shown of copy.querySelectorAll('.cm-ySelectionCaret, .cm-placeholder')) shown.remove();
    return copy.textContent ?? '';
  });
  return lines.join('\n');
}
