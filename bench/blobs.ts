import { type Child, startChild } from './child.ts';
import { quantile } from './measure.ts';
import type { AttachmentClientApi, FileClientApi } from './peers/file-peer.ts';
import type { Result } from './result.ts';
import { startServerProcess } from './server-process.ts';

const FILES = 20;
const FILE_BYTES = 1024 * 1024;
const EDITS = 100;
/** Together 100 MiB, longer under way than the edits take. */
const LARGE_FILES = 10;
const LARGE_BYTES = 10 * 1024 * 1024;

/** Files from one client to the other, and edits while files go up. Server and clients are processes of their own. */
export async function measureBlobs(): Promise<Result[]> {
  const floorMs = await withFloor(sendFiles);
  const ours = await withAttachments(async (writer, reader) => {
    const [up, down] = [(await writer.call('wire')).sent, (await reader.call('wire')).received];
    const ms = await sendFiles(writer, reader);
    const [upAfter, downAfter] = [(await writer.call('wire')).sent, (await reader.call('wire')).received];
    return { ms, up: upAfter.bytes - up.bytes, down: downAfter.bytes - down.bytes };
  });
  const quiet = await withAttachments((writer, reader) => editLatencies(writer, reader, 0));
  const busy = await withAttachments((writer, reader) => editLatencies(writer, reader, LARGE_FILES));
  const bytes = FILES * FILE_BYTES;
  return [
    { name: `${FILES} files of 1 MiB to the other`, unit: 'ms', floor: floorMs, ours: ours.ms, goal: { ratio: 2 } },
    { name: 'bytes sent for a byte of file', unit: 'B', floor: 1, ours: ours.up / bytes, goal: { ratio: 1.02 } },
    { name: 'bytes received for a byte of file', unit: 'B', floor: 1, ours: ours.down / bytes, goal: { ratio: 1.02 } },
    {
      name: `patch to the other's query while 100 MiB go up, p95 (floor: while nothing does)`,
      unit: 'ms',
      floor: quantile(quiet, 0.95),
      ours: quantile(busy, 0.95),
      goal: { ratio: 3 },
    },
  ];
}

type FileClient = Pick<Child<FileClientApi>, 'call' | 'end'>;
type AttachmentClient = Child<AttachmentClientApi>;

/** Milliseconds until the reader has all files. */
async function sendFiles(writer: FileClient, reader: FileClient): Promise<number> {
  await reader.call('expect', FILES);
  await writer.call('make', FILES, FILE_BYTES);
  const began = await writer.call('send');
  return (await reader.call('arrived')) - began;
}

/** Milliseconds from a patch to the other's query, each time, while so many large files go up. */
async function editLatencies(writer: AttachmentClient, reader: AttachmentClient, files: number): Promise<number[]> {
  await writer.call('make', files, LARGE_BYTES);
  await writer.call('send');
  const latencies: number[] = [];
  for (let i = 0; i < EDITS; i++) {
    await reader.call('watch', `edit ${i}`);
    const began = await writer.call('edit', `edit ${i}`);
    latencies.push((await reader.call('seen')) - began);
  }
  if (files > 0 && (await writer.call('underWay')) === 0) {
    throw new Error('the files were up before the edits were done');
  }
  return latencies;
}

function withFloor<T>(measure: (writer: FileClient, reader: FileClient) => Promise<T>): Promise<T> {
  return withTwo('./floor-blob-server.ts', () => startChild<FileClientApi>('./peers/floor-file-client.ts'), measure);
}

function withAttachments<T>(measure: (writer: AttachmentClient, reader: AttachmentClient) => Promise<T>): Promise<T> {
  const start = () => startChild<AttachmentClientApi>('./peers/attachment-client.ts');
  return withTwo('./peers/breakwater-server.ts', start, async (writer, reader) => {
    await writer.call('begin');
    return measure(writer, reader);
  });
}

/** A server and two clients of it, each in a process of its own. */
async function withTwo<C extends FileClient, T>(
  serverFile: string,
  start: () => Promise<C>,
  measure: (writer: C, reader: C) => Promise<T>,
): Promise<T> {
  const server = await startServerProcess(serverFile);
  const [writer, reader] = [await start(), await start()];
  try {
    await Promise.all([writer, reader].map((client) => client.call('open', server.port)));
    return await measure(writer, reader);
  } finally {
    await Promise.all([writer, reader].map((client) => client.end()));
    await server.end();
  }
}
