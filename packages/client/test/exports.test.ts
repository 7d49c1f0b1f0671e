import { expect, it } from 'vitest';
import * as client from '../src/index.ts';

it('[API1] exports these names and no others', () => {
  expect(Object.keys(client).sort()).toEqual([
    'AttachmentMissingError',
    'BatchError',
    'ConfirmTimeoutError',
    'DefinitionError',
    'ImageError',
    'ReplicationEndedError',
    'StorageFullError',
    'UnsentWritesError',
    'batch',
    'createDatabase',
    'defineCollections',
    'explain',
    'imageUrl',
    'insertMany',
    'inspectRows',
    'monitorQueries',
    'paginate',
    'putImage',
    'removeMany',
    'replicate',
    'storageUsage',
    'systemScheduler',
    'upsertMany',
    'userColors',
    'warnOfScans',
    'withBreakwater',
  ]);
});
