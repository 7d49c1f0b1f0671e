import { measureBlobs } from '../blobs.ts';
import { measureCommits } from '../commits.ts';
import { reportGrowth } from '../growth.ts';
import { measureQueries, toReport } from '../queries.ts';
import { measureRowCosts } from '../row-costs.ts';
import { reportRowSizes } from '../row-sizes.ts';
import { measureTyping } from '../typing.ts';
import { catchUp } from './catch-up.ts';
import { fanOut } from './fan-out.ts';
import { firstSync } from './first-sync.ts';
import { patch } from './patch.ts';
import type { Scenario } from './scenario.ts';

const QUERIED_ROWS = 100_000;

/** In the order in which they are measured. */
export const scenarios: readonly Scenario[] = [
  firstSync,
  patch,
  fanOut,
  catchUp,
  {
    name: 'typing',
    about:
      'keys in a text until the other client has them; the floor sends on Yjs updates by raw ws and stores nothing',
    measure: () => measureTyping(1_000, 20_000),
  },
  {
    name: 'blobs',
    about: 'attachments from one client to the other; the floor appends the pieces to a file and syncs it',
    measure: measureBlobs,
  },
  {
    name: 'commits',
    about: "rows of a push into the server's store; the floor stores the same bytes, one transaction a push",
    measure: () => measureCommits(10_000),
  },
  {
    name: 'rows',
    about: 'what a row costs the processor, and its bytes; the floor writes and reads its fields as JSON',
    measure: async () => measureRowCosts(),
    report: async () => reportRowSizes(),
  },
  {
    name: 'queries',
    about: 'pages of 100,000 rows, and what a monitor of queries costs',
    onlyByName: true,
    report: async () => toReport(await measureQueries(QUERIED_ROWS)),
  },
  {
    name: 'growth',
    about: 'cost by number of rows, of subscribers and of collections',
    onlyByName: true,
    report: reportGrowth,
  },
  {
    name: 'import',
    about: 'how long a page in Chromium is busy at a time while 100,000 rows go in',
    onlyByName: true,
    async report() {
      // With it comes the bundler, which the others do without.
      const { measureImport, toImportReport } = await import('../import.ts');
      return toImportReport(QUERIED_ROWS, await measureImport(QUERIED_ROWS));
    },
  },
  {
    name: 'visit',
    about: 'a first visit with Chromium on IndexedDB, opening again, and a second tab',
    onlyByName: true,
    report: async () => (await import('../visit.ts')).reportVisit(),
  },
  {
    name: 'demo',
    about: 'what a visitor of the demo page feels while 10,000 places arrive',
    onlyByName: true,
    async report() {
      const { measureDemo, toDemoReport } = await import('../demo.ts');
      return toDemoReport(await measureDemo());
    },
  },
];
