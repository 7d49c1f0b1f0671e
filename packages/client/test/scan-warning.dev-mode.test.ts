import { addRxPlugin } from 'rxdb';
import { disableWarnings, RxDBDevModePlugin } from 'rxdb/plugins/dev-mode';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import { expect, it, vi } from 'vitest';
import { makePorts, openPorts } from './ports.ts';

disableWarnings();
addRxPlugin(RxDBDevModePlugin);

it('[QE6] with RxDB in dev-mode, createDatabase warns of full scans by itself', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const database = await openPorts([], wrappedValidateAjvStorage({ storage: getRxStorageMemory() }));
  await database.ports.bulkInsert(makePorts(1_001));
  await database.ports.find({ selector: { country: 'NO' } }).exec();
  await vi.waitUntil(() => warn.mock.calls.length > 0);
  expect(warn.mock.calls[0]?.[0]).toContain("A query read all 1,001 documents of 'ports'");
  await database.close();
  warn.mockRestore();
});
