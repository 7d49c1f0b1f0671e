import { closeSync, fsyncSync, openSync } from 'node:fs';

/** What was written to the file is on the disk afterwards. */
export function syncFile(path: string): void {
  // Windows syncs only what is open for writing.
  sync(path, 'r+');
}

/** Without it a file or directory just made may be gone after a power cut, with everything acknowledged in it. */
export function syncDirectory(path: string): void {
  if (process.platform !== 'win32') sync(path, 'r');
}

function sync(path: string, flags: string): void {
  const handle = openSync(path, flags);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
