import type { FileHandle } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import { basename } from 'node:path';
import type { FileSystem } from '../src/blobs/files.ts';

/** The real file system: it says what is done to it, and fails as it is told. */
export interface FaultyFiles {
  readonly files: FileSystem;
  /** What was done, in order: `write part`, `sync part`, `rename part`, `sync folder`, `read whole` and the like. */
  readonly events: string[];
  /** Most files that were open at once. */
  readonly mostOpen: number;
  /** From now on this fails (or `open part` and the like, which is not said), with the code of an error of the operating system. Undefined: nothing does. */
  failing: { readonly event: string; readonly code: string; readonly bytesBefore?: number } | undefined;
}

export function createFaultyFiles(): FaultyFiles {
  const events: string[] = [];
  let open = 0;
  let mostOpen = 0;

  const files: FileSystem = {
    ...fs,
    async open(path, flags) {
      failIfTold(`open ${kindOf(String(path))}`);
      const file = await fs.open(path, flags);
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      return watch(file, kindOf(String(path)));
    },
    async rename(from, to) {
      happen(`rename ${kindOf(String(from))}`);
      return await fs.rename(from, to);
    },
  };
  const faulty: FaultyFiles = {
    files,
    events,
    get mostOpen() {
      return mostOpen;
    },
    failing: undefined,
  };
  return faulty;

  function happen(event: string): void {
    events.push(event);
    failIfTold(event);
  }

  function failIfTold(event: string): void {
    const { failing } = faulty;
    if (failing?.event === event) throw Object.assign(new Error(failing.code), { code: failing.code });
  }

  function watch(file: FileHandle, kind: string): FileHandle {
    const watched = {
      stat: () => file.stat(),
      async close() {
        open -= 1;
        await file.close();
      },
      async sync() {
        happen(`sync ${kind}`);
        await file.sync();
      },
      async read(buffer: Uint8Array, offset: number, length: number, position: number) {
        happen(`read ${kind}`);
        return await file.read(buffer, offset, length, position);
      },
      async write(buffer: Uint8Array, offset: number, length: number) {
        const before = faulty.failing?.event === `write ${kind}` ? faulty.failing.bytesBefore : undefined;
        // A disk takes what fits before it says that it is full.
        if (before !== undefined) await file.write(buffer, offset, Math.min(before, length));
        happen(`write ${kind}`);
        return await file.write(buffer, offset, length);
      },
    };
    return watched as unknown as FileHandle;
  }
}

function kindOf(path: string): string {
  const name = basename(path);
  if (name.endsWith('.part')) return 'part';
  if (name.endsWith('.wrong')) return 'aside';
  return name.length === 64 ? 'whole' : 'folder';
}
