import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noise, rowWith } from '../../server/test/blob-world.ts';
import { notes, rowOf } from '../../server/test/hub-world.ts';
import { startCli } from '../../server/test/server-process.ts';
import { makeTemporaryDirectory } from '../../server/test/temporary-directory.ts';
import { openClient, type TestClient } from '../../server/test/test-client.ts';
import type { Part, Tally } from './part.ts';

const DISK_MB = 48;
/** What is taken off the disk when it is full. */
const ROOM_MB = 30;
const ROW_BYTES = 100_000;
const MB = 2 ** 20;

/** A real disk that is full: what is not stored is refused, reads go on, and so do writes once there is room. */
export const diskFull: Part = {
  runs: 1,
  async play({ rest }) {
    if (rest > 0) return { counts: {}, failures: [] } satisfies Tally;
    const directory = makeTemporaryDirectory();
    const disk = mount(directory.path);
    try {
      if (disk === undefined) return { counts: { skipped: 1 }, failures: [] } satisfies Tally;
      return await fill(directory.path);
    } finally {
      disk?.();
      directory.remove();
    }
  },
  summarize: (count) =>
    count('skipped') === '1'
      ? 'the full disk was skipped: only root on Linux may mount a small one'
      : `a disk of ${DISK_MB} MB full after ${count('stored')} rows: ${count('refused')} pushes refused, ${count('read')} rows read meanwhile, ${count('after')} stored once there was room, ${count('lost')} lost`,
};

/** A disk of a few megabytes in memory. Answers how it is taken away; undefined: this user may not. */
function mount(path: string): (() => void) | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', path], { stdio: 'ignore' });
    return () => execFileSync('umount', [path]);
  } catch {
    return undefined;
  }
}

async function fill(path: string): Promise<Tally> {
  const failures: string[] = [];
  const check = (isSo: boolean, what: string) => isSo || failures.push(what);
  const ballast = join(path, 'ballast');
  writeFileSync(ballast, Buffer.alloc(ROOM_MB * MB));
  const env = { BREAKWATER_DATA: join(path, 'data'), BREAKWATER_LOG_LEVEL: 'error' };
  const server = await startCli({ cwd: path, env });
  const client = await openClient(`ws://127.0.0.1:${server.port}/sync`);
  const stored: string[] = [];

  for (let i = 0; (await push(client, `before-${i}`)) === 'stored'; i++) stored.push(`before-${i}`);
  let refused = 1;
  for (let i = 0; i < 20; i++) if ((await push(client, `during-${i}`)) === 'storage-failed') refused += 1;
  check(refused === 21, `only ${refused} of 21 pushes to a full disk were refused as storage-failed`);
  const read = await count(client);
  check(read === stored.length, `${read} rows were read of ${stored.length}`);
  check((await fetch(`http://127.0.0.1:${server.port}/ready`)).ok, 'a full disk made the server not ready');

  rmSync(ballast);
  const sizeBefore = stored.length;
  for (let i = 0; i < 20; i++) if ((await push(client, `after-${i}`)) === 'stored') stored.push(`after-${i}`);
  const after = stored.length - sizeBefore;
  check(after === 20, `only ${after} of 20 pushes were stored once there was room`);
  const picture = noise(1_000);
  await client.push(notes(rowWith('picture', { picture })));
  const { digest, bytes } = picture;
  const put = await client.ask((request) => ({ type: 'blob-put', request, digest, offset: 0, bytes }));
  check(put.type === 'blob-have', 'bytes of an attachment were not stored once there was room');
  client.terminate();
  await server.kill('SIGKILL');

  const again = await startCli({ cwd: path, env });
  const reader = await openClient(`ws://127.0.0.1:${again.port}/sync`);
  const lost = stored.length + 1 - (await count(reader));
  check(lost === 0, `${lost} acknowledged rows were lost`);
  reader.terminate();
  await again.kill('SIGKILL');
  return { counts: { stored: sizeBefore, refused, read, after, lost }, failures };
}

async function push(client: TestClient, id: string): Promise<string> {
  const answer = await client.push(notes(rowOf(id, { text: id.padEnd(ROW_BYTES, 'x') })));
  return answer.type === 'ack' ? 'stored' : answer.type === 'error' ? answer.code : answer.type;
}

async function count(client: TestClient): Promise<number> {
  for (let checkpoint = 0, rows = 0; ; ) {
    const page = await client.pull('notes', checkpoint);
    if (page.type !== 'page') throw new Error(`no page but ${JSON.stringify(page)}`);
    rows += page.group.rows.length;
    if (page.last) return rows;
    checkpoint = page.group.checkpoint;
  }
}
