import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Encoding } from './accepted-encoding.ts';

/** Files that were compressed once, when they were first asked for. */
export interface CompressedFiles {
  /** The bytes of a file in this version of it. Whoever asks for the same at the same time gets the same. */
  read(path: string, version: string, encoding: Encoding): Promise<Buffer>;
}

/** Of what is kept, in bytes: the pages of many apps. What was kept for longest goes. */
const MOST_KEPT = 32 * 1024 * 1024;
/** Of 11. A page of 900 KB takes 46 ms and 278 KB; 11 would take 1.2 s for 7 % less, and somebody waits for it. */
const BROTLI_QUALITY = 8;

interface Kept {
  readonly version: string;
  readonly bytes: Promise<Buffer>;
  length: number;
}

export function createCompressedFiles(mostKept = MOST_KEPT): CompressedFiles {
  /** By encoding and path, the oldest first. */
  const files = new Map<string, Kept>();

  return {
    read(path, version, encoding) {
      const key = `${encoding} ${path}`;
      const known = files.get(key);
      if (known?.version === version) return known.bytes;
      const kept: Kept = { version, bytes: compressFile(path, encoding), length: 0 };
      files.delete(key);
      files.set(key, kept);
      kept.bytes.then(
        ({ length }) => {
          kept.length = length;
          dropOldest();
        },
        () => forget(key, kept),
      );
      return kept.bytes;
    },
  };

  function dropOldest(): void {
    let total = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    for (const [key, kept] of files) {
      if (total <= mostKept) return;
      files.delete(key);
      total -= kept.length;
    }
  }

  /** A file that could not be read now may be there again later. */
  function forget(key: string, kept: Kept): void {
    if (files.get(key) === kept) files.delete(key);
  }
}

async function compressFile(path: string, encoding: Encoding): Promise<Buffer> {
  const bytes = await readFile(path);
  return encoding === 'br' ? compressBrotli(bytes) : promisify(gzip)(bytes);
}

function compressBrotli(bytes: Buffer): Promise<Buffer> {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  return promisify(brotliCompress)(bytes, {
    params: { [BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
}
