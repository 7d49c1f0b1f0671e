import { type DownMessage, down, type WantedBlob } from '@breakwater/protocol';
import {
  createManualScheduler,
  type ManualScheduler,
  settlePromises,
} from '../../packages/testing/src/manual-scheduler.ts';
import type { BlobStore } from '../src/blobs/blob-store.ts';
import { openFileBlobStore } from '../src/blobs/file-blob-store.ts';
import { MAX_BLOB_PIECE_BYTES } from '../src/limits.ts';
import { expectType, type TestBlob } from './blob-world.ts';
import { createFaultyFiles, type FaultyFiles } from './faulty-files.ts';
import { createHubWorld, type HubWorld, type HubWorldOptions, type TestPeer } from './hub-world.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

/** A hub with files for its blobs, and devices that the test speaks for. */
export interface BlobHubWorld extends HubWorld {
  readonly disk: FaultyFiles;
  readonly blobs: BlobStore;
  readonly folder: string;
  readonly scheduler: ManualScheduler;
  /** A device under its name, which is its replica too. It has been told that it is connected. */
  device(name: string, options?: DeviceOptions): Device;
  /** Resolves when the hub has nothing under way. */
  quiet(): Promise<void>;
  end(): Promise<void>;
}

export interface DeviceOptions {
  readonly tenant?: string;
  readonly labels?: readonly string[];
  readonly replica?: string;
}

export interface Device extends TestPeer {
  /** Digests that it was asked for since the last time, and how much of each was there. */
  wants(): Promise<WantedBlob[]>;
  /** Puts a piece; answers where to go on, or the code of the error. */
  piece(blob: TestBlob, offset: number, length?: number): Promise<number | string>;
  /** Puts what the server lacks of a blob. */
  upload(blob: TestBlob, from?: number): Promise<void>;
  /** All of a blob of a row, or the code of the error. */
  download(id: string, blob: Pick<TestBlob, 'digest'>, collection?: string): Promise<Uint8Array | string>;
  lacks(...blobs: TestBlob[]): Promise<void>;
  /** Blobs that it was told are here. */
  readonly here: string[];
  leave(): void;
}

export function createBlobHubWorld(options: Omit<HubWorldOptions, 'blobs' | 'scheduler'> = {}): BlobHubWorld {
  const directory = makeTemporaryDirectory();
  const disk = createFaultyFiles();
  const scheduler = createManualScheduler();
  let underWay = 0;
  let changes = 0;
  const blobs = counted(openFileBlobStore(directory.path, disk.files), (change) => {
    underWay += change;
    changes += 1;
  });
  const world = createHubWorld({ ...options, blobs, scheduler });

  return {
    ...world,
    disk,
    blobs,
    folder: directory.path,
    scheduler,
    device(name, { tenant = 'acme', labels = [tenant], replica = name } = {}) {
      const peer = world.join(tenant, labels, name, replica);
      peer.member.begin();
      return toDevice(peer, quiet);
    },
    quiet,
    async end() {
      await quiet();
      await blobs.close();
      await world.store.close();
      directory.remove();
    },
  };

  async function quiet(): Promise<void> {
    for (let before = -1; underWay > 0 || changes !== before; ) {
      before = changes;
      await settlePromises();
    }
  }
}

/** Says when something begins (1) and ends (-1). */
function counted(store: BlobStore, count: (change: number) => void): BlobStore {
  const watch = async <T>(work: Promise<T>): Promise<T> => {
    count(1);
    try {
      return await work;
    } finally {
      count(-1);
    }
  };
  return {
    look: (...args) => watch(store.look(...args)),
    append: (...args) => watch(store.append(...args)),
    read: (...args) => watch(store.read(...args)),
    sweep: (...args) => watch(store.sweep(...args)),
    close: () => store.close(),
  };
}

/** Of the numbers that the peer itself gives to its requests. */
const FIRST_REQUEST = 1_000;

function toDevice(peer: TestPeer, quiet: () => Promise<void>): Device {
  let request = FIRST_REQUEST;
  let seen = 0;
  const here: string[] = [];
  peer.onHeard = () => {
    const last = peer.heard.at(-1);
    if (last?.type === 'blob-here') here.push(...last.digests);
  };

  const device: Device = Object.assign(peer, {
    here,
    async wants() {
      await quiet();
      const news = peer.heard.slice(seen);
      seen = peer.heard.length;
      return news.flatMap((message) => (message.type === 'blob-want' ? message.blobs : []));
    },
    async piece({ digest, bytes }: TestBlob, offset: number, length = MAX_BLOB_PIECE_BYTES) {
      const answer = await ask((number) => {
        const piece = bytes.subarray(offset, offset + length);
        return peer.member.blobPut({ type: 'blob-put', request: number, digest, offset, bytes: piece });
      });
      return answer.type === 'error' ? answer.code : expectType(answer, 'blob-have').have;
    },
    async upload(blob: TestBlob, from = 0) {
      for (let offset = from; offset < blob.length; ) {
        const have = await device.piece(blob, offset);
        if (typeof have === 'string') throw new Error(`the piece at ${offset} was answered with ${have}`);
        offset = have;
      }
    },
    async download(id: string, { digest }: Pick<TestBlob, 'digest'>, collection = 'notes') {
      const parts: Uint8Array[] = [];
      for (let offset = 0; ; ) {
        const range = { offset, maxBytes: 1_000_000 };
        const answer = await ask((number) => {
          return peer.member.blobGet({ type: 'blob-get', request: number, collection, id, digest, ...range });
        });
        if (answer.type === 'error') return answer.code;
        const { length, bytes } = expectType(answer, 'blob-part');
        parts.push(bytes);
        offset += bytes.length;
        if (offset >= length) return new Uint8Array(Buffer.concat(parts));
      }
    },
    async lacks(...blobs: TestBlob[]) {
      peer.member.blobLacks({ type: 'blob-lacks', digests: blobs.map(({ digest }) => digest) });
      await quiet();
    },
    leave: () => peer.member.leave(),
  });
  return device;

  async function ask(send: (request: number) => Promise<void>): Promise<DownMessage> {
    request += 1;
    const asked = request;
    await send(asked);
    for (;;) {
      const answer = peer.heard.find((message) => 'request' in message && message.request === asked);
      if (answer !== undefined) return answer;
      await settlePromises();
    }
  }
}

/** Bytes of a message. */
export function sizeOf(message: DownMessage): number {
  return down.encode(message).length;
}
