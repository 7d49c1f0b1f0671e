import { afterEach, expect, it } from 'vitest';
import { makeTemporaryDirectory } from '../../../server/test/temporary-directory.ts';
import { uploadPictures } from './picture-rounds.ts';

const directory = makeTemporaryDirectory();
afterEach(() => directory.remove());

it('[TF12] pictures queued offline arrive bit by bit over three cuts and a killed server, no piece of a whole one twice', {
  timeout: 60_000,
}, async () => {
  const report = await uploadPictures({ cwd: directory.path, pictures: 20, bytesEach: 300_000, pictureSeed: 1 });
  expect(report).toMatchObject({ identical: 20, repeated: 0 });
  // What was on its way goes again.
  expect(report.bytesPerByte).toBeLessThan(1.5);
});
