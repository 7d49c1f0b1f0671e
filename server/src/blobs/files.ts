import type * as fs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** As much of a file system as blobs need. */
export type FileSystem = Pick<typeof fs, 'mkdir' | 'open' | 'readdir' | 'rename' | 'rm' | 'stat'>;

/** Bytes that are read at a time. */
const READ_BYTES = 256 * 1024;

export async function withFile<T>(
  { open }: FileSystem,
  path: string,
  flags: 'r' | 'r+' | 'a',
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Hands over the first bytes of a file piece by piece; answers how many there were. */
export async function readFirst(file: FileHandle, length: number, take: (bytes: Uint8Array) => void): Promise<number> {
  const buffer = new Uint8Array(Math.min(READ_BYTES, length));
  let position = 0;
  while (position < length) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - position), position);
    if (bytesRead === 0) break;
    take(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return position;
}

/** A disk that is nearly full takes a part of what it is given, and fails with the rest. */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await file.write(bytes, written, bytes.length - written)).bytesWritten;
  }
}

/** Makes a folder that is still there after a power cut. */
export async function makeFolder(files: FileSystem, path: string): Promise<void> {
  const made = await files.mkdir(path, { recursive: true });
  if (made === undefined) return;
  // The first one made is an entry of the folder above it, and each other one of the one before.
  const top = dirname(made);
  for (let folder = dirname(path); folder.length >= top.length; folder = dirname(folder)) {
    await syncFolder(files, folder);
    if (folder === dirname(folder)) break;
  }
}

/** Without it what was renamed may have its old name after a power cut. */
export async function syncFolder(files: FileSystem, path: string): Promise<void> {
  if (process.platform === 'win32') return;
  await withFile(files, path, 'r', (folder) => folder.sync());
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** Undefined: there is no such thing. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
