import 'fake-indexeddb/auto';
import { addRxPlugin } from 'rxdb';
import { disableWarnings, RxDBDevModePlugin } from 'rxdb/plugins/dev-mode';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import { describeRichCapture } from './capture-rich-table.ts';
import { describeCapture } from './capture-table.ts';

disableWarnings();
addRxPlugin(RxDBDevModePlugin);

describeCapture('memory in dev-mode with a validator', () =>
  wrappedValidateAjvStorage({ storage: getRxStorageMemory() }),
);
describeCapture('Dexie in dev-mode with a validator', () =>
  wrappedValidateAjvStorage({ storage: getRxStorageDexie() }),
);
describeRichCapture('memory in dev-mode with a validator', () =>
  wrappedValidateAjvStorage({ storage: getRxStorageMemory() }),
);
describeRichCapture('Dexie in dev-mode with a validator', () =>
  wrappedValidateAjvStorage({ storage: getRxStorageDexie() }),
);
