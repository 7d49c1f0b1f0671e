import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/**
 * Lets the compiler write the declarations of these files, and of what they import, into a folder that is gone afterwards.
 *
 * @throws Error with the compiler's output.
 */
export function withDeclarations<T>(root: string, files: readonly string[], use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-api-'));
  try {
    const config = join(folder, 'tsconfig.json');
    writeFileSync(config, JSON.stringify(configFor(root, files, folder)));
    const args = [join(root, 'node_modules/typescript/bin/tsc'), '-p', config];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Error(`the declarations were not written\n${stdout}${stderr}`.trim());
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function configFor(root: string, files: readonly string[], outDir: string): object {
  return {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: root,
      outDir,
      typeRoots: [join(root, 'node_modules/@types')],
      // Found through node_modules, a package's files are somebody else's for the compiler, and not written: whichever way comes
      // first decides, and that is not the same each time.
      paths: {
        '@breakwater/crdt': [join(root, 'packages/crdt/src/index.ts')],
        '@breakwater/protocol': [join(root, 'packages/protocol/src/index.ts')],
      },
    },
    include: [],
    files: files.map((file) => join(root, file)),
  };
}
