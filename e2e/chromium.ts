import { type Browser, chromium } from 'playwright';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** The browser that the test command has found, or Playwright's own. */
export function launchChromium(): Promise<Browser> {
  const executablePath = process.env.BREAKWATER_CHROMIUM;
  return chromium.launch({ args: ARGS, ...(executablePath ? { executablePath } : {}) });
}
