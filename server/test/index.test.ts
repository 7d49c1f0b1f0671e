import { expect, test } from 'vitest';
import * as server from '../src/index.ts';

test('[SV12] the package exports these names', () => {
  expect(Object.keys(server).sort()).toEqual([
    'AuthenticationError',
    'DEFAULT_LIMITS',
    'DataDirectoryError',
    'DataDirectoryLockedError',
    'DefinitionError',
    'LOG_LEVELS',
    'ServerOptionsError',
    'StorageError',
    'WriteRefusedError',
    'createServer',
    'openFileBlobStore',
    'openSqliteStore',
  ]);
});
