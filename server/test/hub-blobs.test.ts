import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { blobFolder } from '../src/blobs/blob-files.ts';
import { MAX_WANTED, SILENT_AFTER_MS } from '../src/blobs/session-wants.ts';
import { MAX_BLOB_PIECE_BYTES } from '../src/limits.ts';
import { type BlobHubWorld, createBlobHubWorld } from './blob-hub-world.ts';
import { attach, noise, removeRow, rowWith, type TestBlob } from './blob-world.ts';
import { createHubWorld, notes, resultsOf, rowOf } from './hub-world.ts';

let world: BlobHubWorld;
beforeEach(() => {
  world = createBlobHubWorld();
});
afterEach(() => world.end());

const picture = noise(3 * MAX_BLOB_PIECE_BYTES, 1);
const other = noise(100, 2);

describe('who is asked', () => {
  test('[BH3] who pushes a row is asked after the ack for what is missing of it, and for nothing else', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { picture, other, twice: other }), rowOf('b', { title: 'no picture' })));
    expect(await anna.wants()).toEqual(expect.arrayContaining([wanted('a', picture), wanted('a', other)]));
    expect(anna.heard.map(({ type }) => type)).toEqual(['ack', 'blob-want']);
    await anna.upload(other);
    await anna.push(notes(attach('a', {}, { title: 'edited' })));
    await anna.push(notes(rowWith('c', { other })));
    expect(await anna.wants()).toEqual([]);
  });

  test('[BH3] nothing is asked of rows that are refused, deleted or have lost the attachment', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { bad: { digest: 'x', length: 1, type: 'image/png' }, picture })));
    await anna.push(notes(rowWith('b', { picture }), attach('b', { picture: undefined })));
    await anna.push(notes(rowWith('c', { other }), removeRow('c')));
    expect(await anna.wants()).toEqual([]);
  });

  test('[BH4] a replica that comes back is asked for what it wrote and did not bring', async () => {
    const first = world.device('anna');
    await first.push(notes(rowWith('a', { picture }), rowWith('b', { other })));
    first.leave();
    const ben = world.device('ben');
    const again = world.device('anna');
    expect(await again.wants()).toEqual(expect.arrayContaining([wanted('a', picture), wanted('b', other)]));
    expect(await ben.wants()).toEqual([]);
  });

  test('[BH4] who takes the name of a replica is not asked for what it may not read', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { picture })));
    const thief = world.device('thief', { labels: ['few'], replica: 'anna' });
    expect(await thief.wants()).toEqual([]);
  });

  test('[BH4] another writer of the row does not become the one who is asked first', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    anna.leave();
    const ben = world.device('ben');
    await ben.push(notes(attach('a', {}, { title: 'edited' })));
    ben.leave();
    expect(await world.device('ben').wants()).toEqual([]);
    expect(await world.device('anna').wants()).toEqual([wanted('a', picture)]);
  });

  test('[BH5] who lacks it is not asked again in the session, unless it pushes the row again', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    await anna.lacks(picture);
    const ben = world.device('ben');
    expect(await ben.download('a', picture)).toBe('blob-missing');
    expect(await anna.wants()).toEqual([]);
    await anna.push(notes(attach('a', { picture })));
    expect(await anna.wants()).toEqual([wanted('a', picture)]);
  });

  test('[BH6] for who asks in vain the others that may read a row with it are asked, one after the other', async () => {
    const [anna, ben, cleo] = [world.device('anna'), world.device('ben'), world.device('cleo')];
    const outsider = world.device('outsider', { labels: ['few'] });
    const stranger = world.device('stranger', { tenant: 'other' });
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    await anna.lacks(picture);
    expect(await ben.wants()).toEqual([]);
    const dora = world.device('dora');
    expect(await dora.download('a', picture)).toBe('blob-missing');
    expect(await ben.wants()).toEqual([wanted('a', picture)]);
    expect(await cleo.wants()).toEqual([]);
    await ben.lacks(picture);
    expect(await cleo.wants()).toEqual([wanted('a', picture)]);
    await cleo.upload(picture);
    expect(dora.here).toEqual([picture.digest]);
    expect(await dora.download('a', picture)).toEqual(picture.bytes);
    for (const each of [anna, ben, cleo, outsider, stranger, dora]) expect(await each.wants()).toEqual([]);
    expect([anna, ben, cleo, outsider, stranger].flatMap(({ here }) => here)).toEqual([]);
  });

  test('[BH6] the next one is asked when one leaves, or is silent for half a minute', async () => {
    const [anna, ben, cleo] = [world.device('anna'), world.device('ben'), world.device('cleo')];
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    await anna.lacks(picture);
    const dora = world.device('dora');
    await dora.download('a', picture);
    expect(await ben.wants()).toHaveLength(1);
    ben.leave();
    expect(await cleo.wants()).toHaveLength(1);
    const emil = world.device('emil');
    expect(await emil.wants()).toEqual([]);
    world.scheduler.advance(SILENT_AFTER_MS);
    expect(await emil.wants()).toEqual([wanted('a', picture)]);
    // Late, but good.
    await cleo.upload(picture);
    expect(dora.here).toEqual([picture.digest]);
  });

  test('[BH6] who is silent about some is not waited for with others either', async () => {
    const blobs = Array.from({ length: MAX_WANTED + 5 }, (_, i) => noise(20, i + 1));
    const [anna, ben, cleo] = [world.device('anna'), world.device('ben'), world.device('cleo')];
    await anna.push(notes(rowWith('a', Object.fromEntries(blobs.map((blob, i) => [`n${i}`, blob])))));
    expect(await anna.wants()).toHaveLength(MAX_WANTED);
    for (const blob of blobs) await cleo.download('a', blob);
    expect(await ben.wants()).toEqual([]);
    world.scheduler.advance(SILENT_AFTER_MS);
    const first = await ben.wants();
    expect(first).toHaveLength(MAX_WANTED);
    await ben.lacks(...blobs.filter(({ digest }) => first.some((each) => each.digest === digest)));
    expect(await ben.wants()).toHaveLength(blobs.length - MAX_WANTED);
    // Back to life, it is asked for all of them.
    await anna.lacks(...blobs.slice(0, 10));
    for (const blob of blobs) await cleo.download('a', blob);
    expect((await anna.wants()).length).toBeGreaterThan(0);
  });

  test('[BH6] a device that comes is asked for what others wait for', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    anna.leave();
    const ben = world.device('ben');
    expect(await ben.download('a', picture)).toBe('blob-missing');
    const late = world.device('late');
    expect(await late.wants()).toEqual([wanted('a', picture)]);
    await late.lacks(picture);
    const writer = world.device('anna');
    await writer.wants();
    await writer.upload(picture);
    expect(ben.here).toEqual([picture.digest]);
  });

  test('[BH7] of two with the same bytes one brings them; the other takes over when that one stops', async () => {
    const [anna, ben] = [world.device('anna'), world.device('ben')];
    await anna.push(notes(rowWith('a', { picture })));
    expect(await anna.wants()).toEqual([wanted('a', picture)]);
    await ben.push(notes(rowWith('b', { picture })));
    expect(await ben.wants()).toEqual([]);
    await anna.piece(picture, 0);
    anna.leave();
    expect(await ben.wants()).toEqual([{ ...wanted('b', picture), have: MAX_BLOB_PIECE_BYTES }]);
    await ben.upload(picture, MAX_BLOB_PIECE_BYTES);
    expect(await ben.download('a', picture)).toEqual(picture.bytes);
  });

  test('[BH7] who brings a blob that more and more rows have is asked once, and the other keeps waiting', async () => {
    const [anna, ben] = [world.device('anna'), world.device('ben')];
    await anna.push(notes(rowWith('a', { picture }), rowWith('b', { picture })));
    expect(await anna.wants()).toHaveLength(1);
    await ben.push(notes(rowWith('c', { picture })));
    await anna.push(notes(rowWith('d', { picture })));
    expect(await anna.wants()).toEqual([]);
    expect(await ben.wants()).toEqual([]);
    await anna.upload(picture);
    for (const id of ['a', 'b', 'c', 'd']) expect(await ben.download(id, picture)).toEqual(picture.bytes);
  });

  test('[BH7] a part that is slow to come keeps the other waiting, silence does not', async () => {
    const [anna, ben] = [world.device('anna'), world.device('ben')];
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    await ben.push(notes(rowWith('b', { picture })));
    await world.quiet();
    world.scheduler.advance(SILENT_AFTER_MS - 1);
    await anna.piece(picture, 0);
    world.scheduler.advance(SILENT_AFTER_MS - 1);
    expect(await ben.wants()).toEqual([]);
    world.scheduler.advance(1);
    expect(await ben.wants()).toHaveLength(1);
  });

  test('[BH8] few are asked for at a time, the others as these are settled, and each once', async () => {
    const blobs = Array.from({ length: 3 * MAX_WANTED }, (_, i) => noise(20, i + 1));
    const rows = blobs.map((blob, i) => rowWith(`row ${i}`, { blob }));
    const anna = world.device('anna');
    await anna.push(notes(...rows));
    const byDigest = new Map(blobs.map((blob): [string, TestBlob] => [blob.digest, blob]));
    const asked = await anna.wants();
    expect(asked).toHaveLength(MAX_WANTED);
    for (let next = asked; next.length > 0; next = await anna.wants()) {
      if (next !== asked) asked.push(...next);
      for (const [i, { digest }] of next.entries()) {
        const blob = byDigest.get(digest);
        if (blob === undefined) throw new Error('asked for what nobody has');
        if (i % 16 === 0) await anna.upload(blob);
        else anna.member.blobLacks({ type: 'blob-lacks', digests: [digest] });
      }
    }
    expect(asked.map(({ digest }) => digest).sort()).toEqual([...byDigest.keys()].sort());
  }, 20_000);

  test('[BH8] more than a session can keep in mind comes from the store', async () => {
    const blobs = Array.from({ length: 1_200 }, (_, i) => noise(8, i + 1));
    const anna = world.device('anna');
    for (let i = 0; i < blobs.length; i += 100) {
      const attachments = Object.fromEntries(blobs.slice(i, i + 100).map((blob, n) => [`n${n}`, blob]));
      await anna.push(notes(rowWith(`row ${i}`, attachments)));
    }
    const asked = new Set<string>();
    for (let next = await anna.wants(); next.length > 0; next = await anna.wants()) {
      for (const { digest } of next) asked.add(digest);
      anna.member.blobLacks({ type: 'blob-lacks', digests: next.map(({ digest }) => digest) });
    }
    expect(asked.size).toBe(blobs.length);
  }, 20_000);
});

describe('what is put', () => {
  test('[BH9] what nobody asked for is unwanted, and leaves nothing on the disk', async () => {
    const [anna, ben] = [world.device('anna'), world.device('ben')];
    expect(await anna.piece(picture, 0)).toBe('blob-unwanted');
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    expect(await ben.piece(picture, 0)).toBe('blob-unwanted');
    expect(await world.blobs.look('acme', picture)).toEqual({ kind: 'part', have: 0 });
  });

  test('[BH9] a piece from elsewhere is answered with where to go on, one that is too large is an invalid request', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    expect(await anna.piece(picture, 500)).toBe(0);
    expect(await anna.piece(picture, 0, MAX_BLOB_PIECE_BYTES + 1)).toBe('invalid-request');
    expect(await anna.piece(picture, Number.MAX_SAFE_INTEGER)).toBe('invalid-request');
    const longer = { ...noise(picture.length + 1, 9), digest: picture.digest };
    expect(await anna.piece(picture, 0)).toBe(MAX_BLOB_PIECE_BYTES);
    expect(await anna.piece(picture, MAX_BLOB_PIECE_BYTES)).toBe(2 * MAX_BLOB_PIECE_BYTES);
    expect(await anna.piece(longer, 2 * MAX_BLOB_PIECE_BYTES + 2)).toBe('invalid-request');
    expect(await anna.piece(picture, 0)).toBe(2 * MAX_BLOB_PIECE_BYTES);
  });

  test('[BH9] an upload ends when no row has the blob any more', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    await anna.piece(picture, 0);
    await anna.push(notes(attach('a', { picture: undefined })));
    expect(await anna.piece(picture, MAX_BLOB_PIECE_BYTES)).toBe('blob-unwanted');
  });

  test('[BH10] wrong bytes begin anew once, then the session is out and another is asked', async () => {
    const [anna, ben] = [world.device('anna'), world.device('ben')];
    await anna.push(notes(rowWith('a', { other })));
    await anna.wants();
    await ben.push(notes(rowWith('b', { other })));
    const wrong = { ...noise(other.length, 9), digest: other.digest };
    expect(await anna.piece(wrong, 0)).toBe(0);
    expect(await ben.wants()).toEqual([]);
    expect(await anna.piece(wrong, 0)).toBe('blob-unwanted');
    expect(await ben.wants()).toEqual([wanted('b', other)]);
    expect(await ben.piece(other, 0)).toBe(other.length);
    expect(await ben.download('b', other)).toEqual(other.bytes);
  });

  test('[BH11] a full disk fails the piece by name; the server goes on, and so does the upload later', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    world.disk.failing = { event: 'write part', code: 'ENOSPC' };
    expect(await anna.piece(picture, 0)).toBe('storage-failed');
    expect(resultsOf(await anna.push(notes(rowOf('b', { title: 'goes on' }))))).toMatchObject([{ kind: 'stored' }]);
    world.disk.failing = undefined;
    await anna.upload(picture);
    expect(await anna.download('a', picture)).toEqual(picture.bytes);
    expect(world.logged).toEqual([expect.stringMatching(/^Storing a blob of acme failed: .*ENOSPC/)]);
  });

  test('[BH11] a store that cannot be read for the next one harms nobody who leaves', async () => {
    const [anna, ben, cleo] = [world.device('anna'), world.device('ben'), world.device('cleo')];
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    await cleo.download('a', picture);
    const { rowsWith } = world.store.blobs;
    Object.assign(world.store.blobs, {
      rowsWith: () => {
        throw new Error('the disk is away');
      },
    });
    anna.leave();
    expect(world.logged).toContain('Looking for a blob of acme failed: the disk is away');
    Object.assign(world.store.blobs, { rowsWith });
    await cleo.download('a', picture);
    expect(await ben.wants()).toEqual([wanted('a', picture)]);
  });

  test('[BH11] a blob whose file was there before the store heard of it is not asked for again', async () => {
    await world.blobs.append('acme', other, { offset: 0, bytes: other.bytes });
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { other })));
    expect(await anna.wants()).toEqual([]);
    expect(await anna.download('a', other)).toEqual(other.bytes);
  });

  test('[BH11] files that cannot be looked at are told to the log once for many, and asked about again later', async () => {
    const anna = world.device('anna');
    world.disk.failing = { event: 'open whole', code: 'EIO' };
    await anna.push(notes(rowWith('a', { picture }), rowWith('b', { other })));
    expect(await anna.wants()).toEqual([]);
    expect(world.logged).toHaveLength(1);
    world.disk.failing = undefined;
    expect(await world.device('anna').wants()).toHaveLength(2);
  });
});

describe('what is got', () => {
  test('[BH12] a foreign blob, one of a row that may not be read, and one that there is not are answered alike', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { picture }), rowWith('b', { other })));
    await anna.wants();
    await anna.upload(picture);
    await anna.upload(other);
    const [foreign, unreadable] = [world.device('f', { tenant: 'other' }), world.device('u', { labels: ['few'] })];
    const missing = [
      await foreign.download('a', picture),
      await unreadable.download('a', picture),
      // Readable rows, but of another blob, and none at all.
      await anna.download('b', picture),
      await anna.download('none', picture),
      await anna.download('a\0', picture),
      await anna.download('', picture),
      await anna.download('a', picture, 'others'),
      await anna.download('a', noise(9, 9)),
    ];
    expect(missing).toEqual(missing.map(() => 'blob-missing'));
    const errors = [anna, foreign, unreadable].flatMap(({ heard }) => heard.filter(({ type }) => type === 'error'));
    expect(new Set(errors.map((error) => ('message' in error ? error.message : ''))).size).toBe(1);
    expect(await anna.download('a', picture)).toEqual(picture.bytes);
    await anna.push(notes(removeRow('a')));
    expect(await anna.download('a', picture)).toBe('blob-missing');
  });

  test('[BH12] nobody is told that a blob is here who could not read a row with it', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    const unreadable = world.device('u', { labels: ['few'] });
    await unreadable.download('a', picture);
    await anna.upload(picture);
    expect(unreadable.here).toEqual([]);
  });

  test('[BH13] a file that was spoilt is missing, is asked for, and comes back', async () => {
    const [anna, ben] = [world.device('anna'), world.device('ben')];
    await anna.push(notes(rowWith('a', { other })));
    await anna.wants();
    await anna.upload(other);
    writeFileSync(blobFolder(world.folder, 'acme').wholePath(other.digest), 'spoilt');
    expect(await ben.download('a', other)).toBe('blob-missing');
    expect(await anna.wants()).toEqual([wanted('a', other)]);
    await anna.upload(other);
    expect(ben.here).toEqual([other.digest]);
    expect(await ben.download('a', other)).toEqual(other.bytes);
    expect(world.logged).toHaveLength(1);
  });

  test('[BH13] a file that is there is handed out, also when the store does not know of it', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { other })));
    await anna.wants();
    anna.leave();
    await world.blobs.append('acme', other, { offset: 0, bytes: other.bytes });
    const ben = world.device('ben');
    expect(await ben.download('a', other)).toEqual(other.bytes);
    expect(await world.device('anna').wants()).toEqual([]);
  });

  test('[BH14] a session that is full gets no piece until it drains, and rows come before pieces', async () => {
    const [anna, ben] = [world.device('anna'), world.device('ben')];
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    await anna.upload(picture);
    ben.pull();
    ben.full = true;
    const got = ben.download('a', picture);
    await anna.push(notes(rowOf('b', { title: 'news' })));
    await world.quiet();
    expect(ben.heard.map(({ type }) => type)).toEqual(['page']);
    ben.full = false;
    ben.member.drained();
    expect(await got).toEqual(picture.bytes);
    expect(ben.heard.map(({ type }) => type).slice(0, 3)).toEqual(['page', 'rows', 'blob-part']);
  });

  test('[BH14] who has left while its piece was read is told nothing', async () => {
    const [anna, ben] = [world.device('anna'), world.device('ben')];
    await anna.push(notes(rowWith('a', { other })));
    await anna.wants();
    await anna.upload(other);
    const get = { type: 'blob-get', request: 1, collection: 'notes', id: 'a', digest: other.digest } as const;
    await ben.member.blobGet({ ...get, offset: 0, maxBytes: 100 });
    ben.leave();
    await world.quiet();
    expect(ben.heard).toEqual([]);
  });

  test('[BH14] a client that asks without end is heard no faster than it is answered', async () => {
    const anna = world.device('anna');
    await anna.push(notes(rowWith('a', { picture })));
    await anna.wants();
    await anna.upload(picture);
    anna.full = true;
    const get = { type: 'blob-get', collection: 'notes', id: 'a', digest: picture.digest, offset: 0 } as const;
    let taken = 0;
    const flood = (async () => {
      for (let request = 1; request <= 50; request++) {
        await anna.member.blobGet({ ...get, request, maxBytes: 1 });
        taken += 1;
      }
    })();
    await world.quiet();
    expect(taken).toBeLessThan(20);
    anna.full = false;
    anna.member.drained();
    await flood;
    expect(taken).toBe(50);
  });
});

test('[BH15] a hub without a place for blobs asks for none and has none', async () => {
  const peer = createHubWorld().join();
  peer.member.begin();
  await peer.push(notes(rowWith('a', { picture })));
  const { digest } = picture;
  await peer.member.blobGet({
    type: 'blob-get',
    request: 8,
    collection: 'notes',
    id: 'a',
    digest,
    offset: 0,
    maxBytes: 9,
  });
  await peer.member.blobPut({ type: 'blob-put', request: 9, digest, offset: 0, bytes: Uint8Array.of(1) });
  expect(peer.heard).toMatchObject([{ type: 'ack' }, { code: 'blob-missing' }, { code: 'blob-unwanted' }]);
});

function wanted(id: string, { digest, length }: TestBlob) {
  return { collection: 'notes', id, digest, length, have: 0 };
}
