import { expect, it } from 'vitest';
import * as client from '../src/index.ts';

it('[API1] exports these names and no others', () => {
  expect(Object.keys(client).sort()).toEqual([
    'BatchError',
    'ConfirmTimeoutError',
    'DefinitionError',
    'ReplicationEndedError',
    'UnsentWritesError',
    'batch',
    'createDatabase',
    'defineCollections',
    'inspectRows',
    'replicate',
    'systemScheduler',
    'userColors',
    'withBreakwater',
  ]);
});
