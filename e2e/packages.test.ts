import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyProject, type EmptyProject } from './empty-project.ts';
import { freePort } from './free-port.ts';
import { codeWith, statementFrom } from './markdown-code.ts';

const NAMES = ['@breakwater/crdt', '@breakwater/protocol', '@breakwater/client', '@breakwater/server'];
const BOUND_MS = 30_000;

let project: EmptyProject;
let readme: string;
let port: number;

beforeAll(async () => {
  readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  port = await freePort();
  project = await createEmptyProject(['@types/node', 'fake-indexeddb', 'rxdb', 'rxjs', 'typescript', 'vite']);
  await project.write(readmeFiles());
}, 90_000);

afterAll(() => project?.remove());

/** The README's examples, with a port that is free. */
function readmeFiles(): Record<string, string> {
  const client = codeWith(readme, 'replicate(db').replaceAll('8080', String(port));
  const server = codeWith(readme, 'createServer({').replaceAll('8080', String(port));
  const collections = statementFrom(client, 'const collections =', '});');
  return {
    'client.ts': client,
    'server.ts': server,
    'collections.ts': `import { defineCollections } from '@breakwater/crdt';\nexport ${collections}\n`,
    'index.html': '<!doctype html><title>Notes</title><script type="module" src="client.ts"></script>\n',
    'other-device.ts': OTHER_DEVICE.replace('PORT', String(port)),
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        target: 'es2024',
        module: 'nodenext',
        lib: ['es2024', 'dom', 'dom.iterable', 'esnext.disposable'],
        types: ['node'],
        strict: true,
        allowImportingTsExtensions: true,
        skipLibCheck: true,
        noEmit: true,
      },
      include: ['*.ts'],
    }),
  };
}

/** Runs the README's client as one device, then reads what it wrote on another. */
const OTHER_DEVICE = `
import 'fake-indexeddb/auto';
import { createDatabase, replicate } from '@breakwater/client';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { collections } from './collections.ts';

await import('./client.ts');
const db = await createDatabase({ name: 'other', storage: getRxStorageMemory(), collections });
await replicate(db, { url: 'ws://localhost:PORT/sync' }).awaitInSync();
const note = await db.notes.findOne('n1').exec(true);
console.log(JSON.stringify({ title: note.title, body: note.body }));
process.exit();
`;

describe.each(NAMES)('the packed %s', (name) => {
  const open = async () => {
    const bytes = await readFile(project.tarballs.get(name) ?? '');
    return { bytes, types: createPackageFromTarballData(bytes) };
  };
  const manifest = async () =>
    JSON.parse(await readFile(join(project.folder, 'node_modules', name, 'package.json'), 'utf8'));

  it('[PK1] holds what was built, its manifest, a README and the licence, and nothing else', async () => {
    const { types } = await open();
    const paths = types.listFiles().map((path) => path.replace(`/node_modules/${name}/`, ''));
    expect(paths.filter((path) => !path.startsWith('dist/')).sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
    expect(paths).toContain('dist/index.js');
    expect(paths.filter((path) => !/\.(js|js\.map|d\.ts)$/.test(path) && path.startsWith('dist/'))).toEqual([]);
  });

  it('[PK2] has one entry, types first, and says what it runs on', async () => {
    const { exports, ...rest } = await manifest();
    expect(JSON.stringify(exports)).toBe('{".":{"types":"./dist/index.d.ts","default":"./dist/index.js"}}');
    expect(rest).toMatchObject({ type: 'module', engines: { node: '>=22.16' }, license: 'MIT' });
    expect(Object.keys(rest)).not.toContain('scripts');
    expect(Object.keys(rest)).not.toContain('devDependencies');
    if (name !== '@breakwater/server') expect(rest.sideEffects).toBe(false);
  });

  it('[PK3] is sound for bundlers and for Node, its types included', async () => {
    const { bytes, types } = await open();
    const { messages } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true });
    expect(messages).toEqual([]);
    const result = await checkPackage(types);
    if (!('problems' in result)) throw new Error(`${name} has no types`);
    // ES modules only: no entry for what does not read "exports", and no CommonJS of its own.
    const known = ['NoResolution node10', 'CJSResolvesToESM node16-cjs'];
    const problems = result.problems.map((problem) =>
      'resolutionKind' in problem ? `${problem.kind} ${problem.resolutionKind}` : problem.kind,
    );
    expect(problems.filter((problem) => !known.includes(problem))).toEqual([]);
  });
});

describe('a project that installs the packed packages', () => {
  it('[PK4] type-checks the examples of the README', { timeout: BOUND_MS }, async () => {
    const check = () => project.run('node_modules/typescript/bin/tsc', '--noEmit');
    await check();
    // The types reach that far: a text is no number.
    const client = readmeFiles()['client.ts'] ?? '';
    await project.write({ 'client.ts': client.replace("'Low tide at noon.'", '5') });
    await expect(check()).rejects.toThrow('client.ts(');
    await project.write({ 'client.ts': client });
  });

  it('[PK5] builds the client of the README with Vite', { timeout: BOUND_MS }, async () => {
    await project.run('node_modules/vite/bin/vite.js', 'build');
    const assets = await readdir(join(project.folder, 'dist/assets'));
    expect(assets.some((file) => file.endsWith('.js'))).toBe(true);
  });

  it('[PK6] runs the server of the README, and its client against it', { timeout: BOUND_MS }, async () => {
    const server = await startReadmeServer();
    try {
      const output = await project.run('other-device.ts');
      expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toEqual({
        title: 'Pier 7',
        body: 'Low tide at noon.',
      });
    } finally {
      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
    }
  });
});

async function startReadmeServer(): Promise<ChildProcess> {
  const server = spawn(process.execPath, ['server.ts'], { cwd: project.folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  server.stderr.on('data', (text) => (errors += String(text)));
  const healthy = async () => {
    if (server.exitCode !== null) throw new Error(`the server of the README ended:\n${errors}`);
    return (await fetch(`http://localhost:${port}/health`)).ok;
  };
  await expect.poll(healthy, { timeout: 20_000 }).toBe(true);
  return server;
}
