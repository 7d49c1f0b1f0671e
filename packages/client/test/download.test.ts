import { createManualScheduler, type ManualScheduler, settlePromises } from '@breakwater/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AttachmentRef } from '../src/blobs/attachment-ref.ts';
import { createDownloads, type Downloads } from '../src/blobs/downloads.ts';
import { createLink, type Link } from '../src/blobs/link.ts';
import { createTransfers, type TransferState } from '../src/blobs/transfers.ts';
import { RequestError } from '../src/connection/errors.ts';
import { AttachmentMissingError } from '../src/errors.ts';
import type { SyncError } from '../src/status.ts';
import type { AttachmentBytes, HeldBytes } from '../src/storage/attachment-bytes.ts';
import { bytesOf, type OtherEnd, playOtherEnd, sha256 } from './blob-session.ts';

const LENGTH = 300_000;
const bytes = bytesOf(LENGTH);
const digest = sha256(bytes);

let scheduler: ManualScheduler;
let link: Link;
let downloads: Downloads;
let shown: readonly TransferState[];
let errors: Omit<SyncError, 'at'>[];
/** What the device's storage has, by document. */
let held: Map<string, HeldBytes>;
let onKeep: () => Promise<void>;

const storage: AttachmentBytes = {
  named: async (id) => (held.has(id) ? [{ name: 'photo', digest, length: LENGTH, type: 'image/png' }] : []),
  held: async (id) => held.get(id),
  heldUnderAnyName: async (id) => held.get(id),
  async keep(id, _digest, bytesNow) {
    await onKeep();
    if (held.has(id)) held.set(id, bytesNow);
  },
};

beforeEach(() => {
  scheduler = createManualScheduler();
  link = createLink(scheduler);
  link.note('offline');
  held = new Map([['a', { isWhole: false, data: new Blob([]) }]]);
  errors = [];
  shown = [];
  onKeep = async () => {};
  downloads = createDownloads({
    bytesOf: () => storage,
    hash: async (data) => sha256(new Uint8Array(await data.arrayBuffer())),
    link,
    transfers: createTransfers(scheduler, (states) => {
      shown = states;
    }),
    scheduler,
    onError: (error) => errors.push(error),
  });
});

function connect(otherEnd: OtherEnd) {
  const played = playOtherEnd(otherEnd);
  link.note('live');
  link.begin(played.session);
  return played;
}

const ref = (id = 'a'): AttachmentRef => {
  return { collection: 'notes', id, name: 'photo', digest, length: LENGTH, type: 'image/png' };
};
const fetchPatiently = (id?: string) => downloads.fetch(ref(id), { wait: true });
const fetchNow = (id?: string) => downloads.fetch(ref(id), { wait: false });

type Get = NonNullable<OtherEnd['get']>;

const serve: Get = ({ offset, maxBytes }) => {
  return { length: LENGTH, bytes: bytes.subarray(offset, offset + maxBytes) };
};
const missing: Get = () => Promise.reject(new RequestError('blob-missing', 'not here'));

async function expectWhole(data: Blob): Promise<void> {
  expect(Buffer.from(await data.arrayBuffer()).equals(bytes)).toBe(true);
}

/** Serves `count` pieces and then says nothing more. */
function serveSome(count: number): Get {
  let left = count;
  return (get) => (left-- > 0 ? serve(get) : new Promise<never>(() => {}));
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await settlePromises();
};

describe('fetching bytes', () => {
  it('[TF6] whoever asks for the same meanwhile gets them from the same download', async () => {
    const played = connect({ get: serve });
    held.set('b', { isWhole: false, data: new Blob([]) });
    const all = await Promise.all([fetchNow(), fetchPatiently(), fetchNow('b')]);
    for (const data of all) await expectWhole(data);
    const asked = played.gets.reduce((sum, { maxBytes }) => sum + maxBytes, 0);
    expect(asked).toBe(LENGTH);
    expect([...held.values()].map(({ isWhole }) => isWhole)).toEqual([true, true]);
  });

  it('[TF6] one that nobody waits for any more ends, and keeps what has come', async () => {
    connect({ get: serveSome(2) });
    const controller = new AbortController();
    const fetched = downloads.fetch(ref(), { wait: true, signal: controller.signal });
    await turns(4);
    controller.abort(new Error('gone from the screen'));
    await expect(fetched).rejects.toThrow('gone from the screen');
    await turns(1);
    expect(shown).toEqual([]);
    expect(held.get('a')?.data.size).toBe(16 * 1024 * 2);
    const again = connect({ get: serve });
    await expectWhole(await fetchNow());
    expect(again.gets[0]?.offset).toBe(16 * 1024 * 2);
  });

  it('[TF7] a download that was cut goes on where it was, even if nobody would wait for a link', async () => {
    const first = connect({ get: serveSome(3) });
    const fetched = fetchNow();
    await turns(4);
    link.note('offline');
    first.lose();
    await turns(2);
    const second = connect({ get: serve });
    await expectWhole(await fetched);
    expect(second.gets[0]?.offset).toBeGreaterThan(0);
  });

  it('[TF7] … for half a minute', async () => {
    const first = connect({ get: serveSome(3) });
    const fetched = fetchNow();
    fetched.catch(() => {});
    await turns(4);
    link.note('offline');
    first.lose();
    await turns(2);
    await scheduler.advanceAsync(30_000);
    await expect(fetched).rejects.toThrow(AttachmentMissingError);
  });

  it('[AT5] while the first attempt to connect is under way, it is waited for', async () => {
    link.note('connecting');
    const fetched = fetchNow();
    await turns(2);
    connect({ get: serve });
    await expectWhole(await fetched);
    link.note('connecting');
  });

  it('[AT5] what the server does not have is missing at once, or comes when the server has it', async () => {
    let get = missing;
    connect({ get: (body) => get(body) });
    const patient = fetchPatiently();
    await turns(2);
    await expect(fetchNow()).rejects.toThrow('the server does not have them yet');
    expect(shown).toMatchObject([{ state: 'waiting' }]);
    get = serve;
    downloads.onHere([digest]);
    await expectWhole(await patient);
  });

  it('[AT5] … also when it says so while its last answer is on its way', async () => {
    let isMissing = true;
    connect({
      get(body) {
        if (!isMissing) return serve(body);
        isMissing = false;
        downloads.onHere([digest]);
        return missing(body);
      },
    });
    await expectWhole(await fetchPatiently());
  });

  it('[AT5] … or a minute later, should its word be lost, or at another document that has it', async () => {
    held.set('b', { isWhole: false, data: new Blob([]) });
    const played = connect({ get: (body) => (body.id === 'b' ? serve : missing)(body) });
    const patient = fetchPatiently();
    await turns(2);
    const asked = played.gets.length;
    await scheduler.advanceAsync(60_000);
    await turns(2);
    expect(played.gets.length).toBeGreaterThan(asked);
    const other = fetchNow('b');
    await expectWhole(await other);
    await expectWhole(await patient);
  });

  it('[AT5] what no document has any more is not waited for', async () => {
    connect({ get: missing });
    const patient = fetchPatiently();
    patient.catch(() => {});
    await turns(2);
    held.delete('a');
    downloads.onHere([digest]);
    await expect(patient).rejects.toThrow('no document has the attachment any more');
  });

  it('[AT8] wrong bytes are never shown: they are fetched once more from the beginning, then missing', async () => {
    let isWrong = true;
    const wrong = bytesOf(LENGTH, 1);
    const played = connect({
      get: ({ offset, maxBytes }) => ({
        length: LENGTH,
        bytes: (isWrong ? wrong : bytes).subarray(offset, offset + maxBytes),
      }),
    });
    await expect(fetchPatiently()).rejects.toThrow('something else');
    expect(played.gets.filter(({ offset }) => offset === 0)).toHaveLength(2);
    expect(held.get('a')).toMatchObject({ isWhole: false });
    expect(held.get('a')?.data.size).toBe(0);
    isWrong = false;
    await expectWhole(await fetchNow());
  });

  it('[AT8] a wrong part that was kept is thrown away', async () => {
    held.set('a', { isWhole: false, data: new Blob([bytesOf(100_000, 1)]) });
    connect({ get: serve });
    await expectWhole(await fetchNow());
  });

  it('[AT9] bytes that the device has no room for are shown all the same, and the failure is told', async () => {
    onKeep = () => Promise.reject(new Error('the disk is on fire'));
    connect({ get: serve });
    await expectWhole(await fetchNow());
    expect(errors).toMatchObject([{ code: 'storage-failed', message: 'the disk is on fire' }]);
  });

  it('[TF8] what is on its way is listed: how much of it, how fast, and in what state', async () => {
    const fetched = fetchPatiently();
    await turns(1);
    expect(shown).toMatchObject([{ direction: 'down', id: 'a', name: 'photo', state: 'waiting', bytes: 0 }]);
    const first = connect({ get: serveSome(3) });
    await turns(4);
    await scheduler.advanceAsync(250);
    expect(shown).toMatchObject([{ state: 'moving', bytes: 3 * 16 * 1024, total: LENGTH }]);
    first.lose();
    connect({ get: serve });
    await expectWhole(await fetched);
    expect(shown).toEqual([]);
  });

  it('[TF8] one that is cancelled fails as aborted', async () => {
    let cancel = () => {};
    const transfers = createTransfers(scheduler, ([first]) => {
      if (first) cancel = () => transfers.cancel(first.key);
    });
    downloads = createDownloads({
      bytesOf: () => storage,
      hash: async () => digest,
      link,
      transfers,
      scheduler,
      onError: (error) => errors.push(error),
    });
    const fetched = fetchPatiently();
    fetched.catch(() => {});
    await turns(1);
    cancel();
    await expect(fetched).rejects.toMatchObject({ name: 'AbortError' });
    expect(transfers.states).toEqual([]);
  });

  it('[TF8] the rate is that of the last three seconds', () => {
    const transfers = createTransfers(scheduler, () => {});
    const what = { direction: 'down', collection: 'notes', id: 'a', name: 'photo', digest, type: 'image/png' } as const;
    const transfer = transfers.begin({ ...what, bytes: 0, total: 100_000, state: 'moving' }, () => {});
    for (let i = 0; i <= 10; i++) {
      transfer.moved(i * 1_000);
      scheduler.advance(500);
    }
    expect(transfers.states).toMatchObject([{ bytes: 10_000, bytesPerSecond: 2_000 }]);
    transfer.become('waiting');
    expect(transfers.states).toMatchObject([{ bytes: 10_000, bytesPerSecond: 0, state: 'waiting' }]);
  });

  it('[TF8] progress is told four times a second at most', () => {
    let told = 0;
    const transfers = createTransfers(scheduler, () => told++);
    const what = { direction: 'down', collection: 'notes', id: 'a', name: 'photo', digest, type: 'image/png' } as const;
    const transfer = transfers.begin({ ...what, bytes: 0, total: 100_000, state: 'moving' }, () => {});
    for (let i = 0; i < 100; i++) {
      transfer.moved(i * 1_000);
      scheduler.advance(10);
    }
    // One at its beginning, four in its second.
    expect(told).toBe(5);
  });
});
