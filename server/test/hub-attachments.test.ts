import { afterEach, describe, expect, test } from 'vitest';
import { type Attachment, attach, noise, removeRow, rowWith } from './blob-world.ts';
import { createHubWorld, type HubWorld, notes, resultsOf, rowOf, type TestPeer } from './hub-world.ts';

let world: HubWorld;
afterEach(() => world.store.close());

const picture = noise(100, 1);
const same = { ...picture };
const other = noise(60, 2);
const good = { digest: picture.digest, length: 100, type: 'image/png' };

describe('attachments', () => {
  test('[BH16] one that cannot be a blob is refused with its row, by its name and what is wrong', async () => {
    const peer = join();
    const faults: [Attachment, RegExp][] = [
      ['text', /is no object/],
      [null, /is no object/],
      [[good], /is no object/],
      [{ ...good, digest: good.digest.toUpperCase() }, /digest that is not 64 hexadecimal digits/],
      [{ ...good, digest: `${good.digest}0` }, /digest/],
      [{ ...good, digest: '../../../etc/passwd' }, /digest/],
      [{ length: 1, type: '' }, /digest/],
      [{ ...good, length: -1 }, /length that is no whole number/],
      [{ ...good, length: 1.5 }, /length/],
      [{ ...good, length: 2 ** 60 }, /length/],
      [{ ...good, length: '100' }, /length/],
      [{ digest: good.digest, length: 100 }, /type that is no text/],
      [{ ...good, type: 5 }, /type/],
    ];
    const rows = faults.map(([attachment], i) => rowWith(`${i}`, { '__proto__.x': attachment }));
    const results = resultsOf(await peer.push(notes(...rows, rowWith('fine', { picture }))));
    for (const [i, [, reason]] of faults.entries()) {
      expect(results[i]).toMatchObject({ kind: 'refused', code: 'invalid', reason: expect.stringMatching(reason) });
      expect(results[i]).toMatchObject({ reason: expect.stringContaining("'__proto__.x'") });
    }
    expect(results.at(-1)).toMatchObject({ kind: 'stored' });
    expect(peer.get('0')).not.toHaveProperty('row');
    expect(ofRow('fine')).toEqual([{ digest: good.digest, length: 100 }]);
  });

  test('[BH16] what was taken once holds up no other change of its row', async () => {
    const peer = join();
    const { bytes } = rowWith('old', { bad: 'text', picture });
    const write = { collection: 'notes', id: 'old', deleted: false, doc: '{}', state: bytes, labels: ['acme'] };
    await world.store.commit('acme', [write], () => ({ writes: [write], result: 0 }));
    const push = async (row: ReturnType<typeof attach>) => resultsOf(await peer.push(notes(row)))[0]?.kind;
    expect(await push(attach('old', {}, { title: 'edited' }))).toBe('stored');
    expect(await push(attach('old', { other }))).toBe('stored');
    expect(await push(attach('old', { bad: 'another text' }))).toBe('refused');
    expect(await push(attach('old', { bad: undefined }))).toBe('stored');
    expect(await push(removeRow('old'))).toBe('stored');
  });

  test('[BH16] an attachment that is larger than the server takes is too large', async () => {
    const peer = join({ limits: { maxBlobBytes: 99 } });
    const results = resultsOf(await peer.push(notes(rowWith('a', { picture }), rowWith('b', { other }))));
    expect(results).toMatchObject([
      { kind: 'refused', code: 'too-large', reason: "the attachment 'picture' has 100 bytes, and the server takes 99" },
      { kind: 'stored' },
    ]);
  });

  test('[BH16] of a deleted row nothing is checked, and it refers to nothing', async () => {
    const peer = join();
    await peer.push(notes(rowWith('a', { picture })));
    expect(ofRow('a')).toHaveLength(1);
    await peer.push(notes(removeRow('a')));
    expect(ofRow('a')).toEqual([]);
    // It comes back with the attachments that it had.
    await peer.push(notes(attach('a', {}, { _deleted: false })));
    expect(ofRow('a')).toHaveLength(1);
  });

  test('[BH17] a row names each blob once, and says so only when that changes', async () => {
    const peer = join();
    await peer.push(notes(rowWith('a', { picture, same, other })));
    expect(ofRow('a')).toHaveLength(2);
    await peer.push(notes(attach('a', { other: undefined }), attach('a', { third: other })));
    expect(ofRow('a')).toHaveLength(2);
    await peer.push(notes(attach('a', { picture: undefined, third: undefined })));
    expect(ofRow('a')).toEqual([{ digest: picture.digest, length: 100 }]);
  });
});

describe('a quota', () => {
  test('[BH18] what would make a tenant have more is refused; what is alike counts once', async () => {
    const peer = join({ maxTenantBlobBytes: 160 });
    const third = noise(1, 3);
    const rows = [rowWith('a', { picture }), rowWith('b', { picture, same }), rowWith('c', { other })];
    const results = resultsOf(await peer.push(notes(...rows, rowWith('d', { third }), rowOf('e', { title: 'none' }))));
    expect(results.map(({ kind }) => kind)).toEqual(['stored', 'stored', 'stored', 'refused', 'stored']);
    expect(results[3]).toEqual({
      kind: 'refused',
      code: 'over-quota',
      reason: 'the attachments would have 161 bytes together, and may have 160',
    });
    const neighbour = world.join('other');
    expect(resultsOf(await neighbour.push(notes(rowWith('d', { third }))))).toMatchObject([{ kind: 'stored' }]);
  });

  test('[BH18] what is replaced or removed makes room, once no row has it', async () => {
    const peer = join({ maxTenantBlobBytes: 160 });
    await peer.push(notes(rowWith('a', { picture }), rowWith('b', { picture, other })));
    const bigger = noise(99, 4);
    expect(await codes(peer, attach('a', { picture: bigger }))).toEqual(['over-quota']);
    expect(await codes(peer, attach('b', { picture: undefined }), attach('a', { picture: bigger }))).toEqual([
      'stored',
      'stored',
    ]);
    expect(await codes(peer, removeRow('a'), rowWith('c', { picture }))).toEqual(['stored', 'stored']);
  });

  test('[BH18] a tenant that has more than it may can edit, remove and replace by less', async () => {
    const before = join();
    await before.push(notes(rowWith('a', { picture, other })));
    const { store } = world;
    const peer = join({ maxTenantBlobBytes: 10, store });
    expect(await codes(peer, attach('a', {}, { title: 'edited' }))).toEqual(['stored']);
    expect(await codes(peer, attach('a', { picture: noise(99, 5) }))).toEqual(['stored']);
    expect(await codes(peer, attach('a', { more: noise(1, 6) }))).toEqual(['over-quota']);
    expect(await codes(peer, rowWith('b', { other }))).toEqual(['stored']);
    expect(await codes(peer, removeRow('a'))).toEqual(['stored']);
  });

  test('[BH18] of a batch it is all or nothing', async () => {
    const peer = join({ maxTenantBlobBytes: 100 });
    const results = resultsOf(await peer.pushAtomic(notes(rowWith('a', { other }), rowWith('b', { picture }))));
    expect(results).toMatchObject([{ code: 'batch-refused' }, { code: 'over-quota' }]);
    expect(await codes(peer, rowWith('b', { picture }))).toEqual(['stored']);
  });
});

function join(options: Parameters<typeof createHubWorld>[0] = {}): TestPeer {
  world = createHubWorld(options);
  return world.join();
}

function ofRow(id: string) {
  const found = world.store.blobs.ofRow('acme', { collection: 'notes', id });
  return found.map(({ digest, length }) => ({ digest, length }));
}

/** `stored`, or the code of the refusal. */
async function codes(peer: TestPeer, ...rows: ReturnType<typeof attach>[]): Promise<string[]> {
  const results = resultsOf(await peer.push(notes(...rows)));
  return results.map((result) => (result.kind === 'refused' ? result.code : result.kind));
}
