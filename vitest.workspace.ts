import { playwright } from '@vitest/browser-playwright';
import { defaultClientConditions, defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

const source = 'breakwater-source';

/** node:sqlite still announces itself as experimental, once in every worker. */
const quiet = ['--disable-warning=ExperimentalWarning'];

/** Two copies of one of these compare their own classes and find every foreign object wrong. */
const singletons = ['lib0', 'rxdb', 'rxjs', 'y-protocols', 'yjs'];

const chromium = process.env.BREAKWATER_CHROMIUM;

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions], dedupe: singletons },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
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
          fileParallelism: false,
          // Real browsers and servers want the machine to themselves: apart from other projects, one file at a time.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
