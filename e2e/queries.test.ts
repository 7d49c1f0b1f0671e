import { beforeEach, expect, it } from 'vitest';
import { useDemoDevices } from './demo-devices.ts';
import type { Device } from './device.ts';

const world = useDemoDevices('a');
let device: Device;

beforeEach(() => {
  [device] = world.devices as [Device];
});

it('[DE7] the panel lists the shapes of queries; the advised index turns a full scan of 100,000 rows into an index read', async () => {
  const { page } = device;
  const rows = page.getByTestId('query-row');
  const ofPlaces = rows.filter({ hasText: 'places where country = ?, sorted by population, limited' });
  await page.getByTestId('show-queries').click();
  const ofNotes = rows.filter({ hasText: 'page of notes, sorted by newestFirst, limited' });
  await ofNotes.waitFor();
  expect(await ofNotes.getAttribute('data-reads')).toBe('index');

  await page.getByTestId('experiment-step').click();
  await page.locator('[data-reads="scan"]').waitFor({ timeout: 60_000 });
  expect(await ofPlaces.textContent()).toContain("add the index ['country', 'population'] to places");
  const step = page.getByRole('button', { name: 'Add the index country, population' });
  await step.click();
  await page.getByTestId('index-figure').waitFor({ timeout: 60_000 });
  expect(await ofPlaces.getAttribute('data-reads')).toBe('index');
  expect(await page.getByTestId('scan-figure').textContent()).toMatch(/^[\d.,]+ ms$/);
  expect(await page.getByTestId('index-figure').textContent()).toMatch(/^(< )?[\d.,]+ ms$/);
});

it('[DE8] the list scrolls to any place of 10,000 notes, and shows what is there', async () => {
  const { page } = device;
  await page.getByTestId('load-places').click();
  await device.hasPlaces('10,000');
  await device.isSaved();
  await page.getByTestId('sort-name').check({ force: true });
  await page.waitForFunction(() => {
    const [first] = document.querySelectorAll<HTMLElement>('.row:not(.is-loading)');
    return first?.ariaSetSize === '10000' && /^[^b-z]/i.test(first.innerText);
  });
  const titles = page.locator('.row:not(.is-loading) .row-title');
  const scrollTo = async (share: number) => {
    await page.getByRole('listbox', { name: 'Places' }).evaluate((list, share) => {
      list.scrollTop = list.scrollHeight * share;
    }, share);
    await page.waitForFunction((share) => {
      const [first] = document.querySelectorAll('.row');
      const isThere = Math.abs(Number(first?.ariaPosInSet) - share * 10_000) < 20;
      return isThere && document.querySelector('.row.is-loading') === null;
    }, share);
    return (await titles.allTextContents()).map((title) => title.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase());
  };
  const seen: string[][] = [];
  for (const share of [0.2, 0.5, 0.8]) seen.push(await scrollTo(share));
  for (const sight of seen) expect(sight).toEqual([...sight].sort());
  expect(seen.map(([first]) => first)).toEqual(seen.map(([first]) => first).sort());
});
