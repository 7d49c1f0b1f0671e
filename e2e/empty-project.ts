import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { packPackages } from '../scripts/pack-packages.ts';
import { runNpm } from '../scripts/run-npm.ts';

const ROOT = join(import.meta.dirname, '..');

/** npm's own is minutes long. */
const PATIENCE = [
  '--fetch-timeout=20000',
  '--fetch-retries=2',
  '--fetch-retry-mintimeout=500',
  '--fetch-retry-maxtimeout=2000',
];

/** A project like that of a stranger who installed our packages: nothing in it leads back to this repository. */
export interface EmptyProject {
  readonly folder: string;
  /** The packed packages that are installed in it, by name. */
  readonly tarballs: ReadonlyMap<string, string>;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Runs a script of the project. Resolves to what it printed, rejects with it if it fails. */
  run(script: string, ...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Packs our packages and installs them with the tools and libraries named, in the versions that this repository uses. */
export async function createEmptyProject(others: readonly string[]): Promise<EmptyProject> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-project-'));
  const packed = await packPackages(ROOT, join(folder, 'tarballs'));
  const dependencies = {
    ...Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`])),
    ...Object.fromEntries(await Promise.all(others.map(async (name) => [name, await installedVersion(name)]))),
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  await install(folder);
  return {
    folder,
    tarballs: new Map(packed.map(({ name, tarball }) => [name, tarball])),
    async write(files) {
      for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
    },
    run: (script, ...args) => runNode(folder, [script, ...args]),
    remove: () => rm(folder, { recursive: true }),
  };
}

async function install(folder: string): Promise<void> {
  try {
    await runNpm(['install', '--prefer-offline', '--no-audit', '--no-fund', ...PATIENCE], folder);
  } catch (error) {
    // What npm says without a network depends on what it has kept; it may even blame the versions.
    if (await isRegistryReachable(folder)) throw error;
    throw new Error(
      "npm's registry is not reachable. This test installs the packed packages with their dependencies: it needs a network, or a registry named in npm's own settings.",
      { cause: error },
    );
  }
}

function isRegistryReachable(folder: string): Promise<boolean> {
  return runNpm(['view', 'rxdb', 'version', '--prefer-online', ...PATIENCE], folder).then(
    () => true,
    () => false,
  );
}

async function installedVersion(name: string): Promise<string> {
  const manifest: { version: string } = JSON.parse(
    await readFile(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'),
  );
  return manifest.version;
}

async function runNode(cwd: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const [code] = await once(child, 'close');
  if (code === 0) return output;
  throw new Error(`node ${args.join(' ')} ended with code ${code}.\n${output}`.trim());
}
