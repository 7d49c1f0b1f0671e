import 'fake-indexeddb/auto';
import { addRxPlugin } from 'rxdb';
import { disableWarnings, RxDBDevModePlugin } from 'rxdb/plugins/dev-mode';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import { describeCapture } from './capture-table.ts';

disableWarnings();
addRxPlugin(RxDBDevModePlugin);

describeCapture('memory in dev-mode with a validator', () =>
  wrappedValidateAjvStorage({ storage: getRxStorageMemory() }),
);
describeCapture('Dexie in dev-mode with a validator', () =>
  wrappedValidateAjvStorage({ storage: getRxStorageDexie() }),
);
