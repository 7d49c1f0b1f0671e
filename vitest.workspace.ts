import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { fromSource, quiet } from './vitest.source.ts';

const chromium = process.env.BREAKWATER_CHROMIUM;

export default defineConfig({
  ...fromSource,
  test: {
    // By default one processor is left idle, which is half of a machine that has two.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          execArgv: quiet,
          include: ['packages/{crdt,protocol,client,testing}/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
          exclude: ['**/*.browser.test.ts'],
        },
      },
      { extends: true, test: { name: 'server', execArgv: quiet, include: ['server/test/**/*.test.ts'] } },
      {
        extends: true,
        // A bundle kept from an earlier set of imports makes Vite reload the page in the middle of a test.
        optimizeDeps: { force: true },
        test: {
          name: 'browser',
          include: ['packages/*/test/**/*.browser.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            ui: false,
            screenshotFailures: false,
            traceView: false,
            instances: [{ browser: 'chromium', name: 'browser' }],
            provider: playwright({
              launchOptions: {
                ...(chromium === undefined ? {} : { executablePath: chromium }),
                args: [
                  '--no-sandbox',
                  '--disable-gpu',
                  '--disable-background-networking',
                  '--disable-component-update',
                  '--disable-sync',
                  '--no-first-run',
                ],
              },
            }),
          },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          execArgv: quiet,
          include: ['e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // A busy machine takes longer than the usual second to reconnect, merge and paint.
          expect: { poll: { timeout: 15_000 } },
          fileParallelism: false,
          // Real browsers and servers want the machine to themselves: apart from other projects, one file at a time.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
