import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import type { Browser, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { launchChromium } from './chromium.ts';
import { createEmptyProject, type EmptyProject } from './empty-project.ts';
import { freePort } from './free-port.ts';
import { commandsIn, filesIn } from './markdown-code.ts';

/** Colours would come between the parts of an address. */
const ENV = { NO_COLOR: '1', PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` };
const BOUND_MS = 45_000;

let browser: Browser;
let project: EmptyProject;
let commands: string[];
let port: number;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  const guide = await readFile(join(import.meta.dirname, '../docs/first-app.md'), 'utf8');
  port = await freePort();
  commands = commandsIn(guide);
  project = await createEmptyProject(installedBy(commands).filter((name) => !name.startsWith('@breakwater/')));
  const files = Object.entries(filesIn(guide));
  await project.write(Object.fromEntries(files.map(([name, text]) => [name, text.replace('8080', String(port))])));
  browser = await launchChromium();
}, 90_000);

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  for (const child of running) {
    const exited = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGKILL')) await exited;
  }
  running.clear();
});

afterAll(async () => {
  await browser?.close();
  await project?.remove();
});

/** What the guide has its reader install. */
function installedBy(commands: readonly string[]): string[] {
  const installs = commands.filter((command) => command.startsWith('npm install '));
  return installs.flatMap((command) => command.split(' ').slice(2)).filter((word) => !word.startsWith('-'));
}

/** A command of the guide, as it stands there, until it prints an address, which is what this resolves to. */
function start(command: string): Promise<string> {
  const child = spawnCommand(command);
  running.add(child);
  let output = '';
  return new Promise((resolve, reject) => {
    // Read to its end: who writes to nobody ends.
    child.stderr.on('data', (text) => (output += String(text)));
    child.stdout.on('data', (text) => {
      output += String(text);
      const address = /https?:\/\/[^\s/]+:\d+/.exec(output);
      if (address !== null) resolve(address[0]);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} ended with code ${code}:\n${output}`)));
  });
}

async function finish(command: string): Promise<void> {
  const child = spawnCommand(command);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with code ${code}:\n${output}`);
}

function spawnCommand(command: string): ChildProcessByStdio<null, Readable, Readable> {
  if (!commands.includes(command)) throw new Error(`docs/first-app.md does not say ${command}`);
  const [, tool = '', ...args] = command.split(' ');
  return spawn(join(project.folder, 'node_modules/.bin', tool), args, {
    cwd: project.folder,
    env: { ...process.env, ...ENV, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function openDevice(address: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(address);
  await page.getByRole('status').filter({ hasText: 'live' }).waitFor();
  return page;
}

async function writeNote(page: Page, text: string): Promise<void> {
  await page.getByLabel('New note').fill(text);
  await page.getByRole('button', { name: 'Add' }).click();
}

const notes = (page: Page) => page.getByRole('listitem').allTextContents();

it('[PK7] what the guide runs is all that is run here', () => {
  const ran = ['npx breakwater', 'npx vite', 'npx vite build', 'npx breakwater --static dist'];
  expect(commands.filter((command) => command.startsWith('npx '))).toEqual(ran);
  expect(installedBy(commands)).toEqual(expect.arrayContaining(['@breakwater/client', '@breakwater/server']));
});

it('[PK7] the guide ends in an app that shows on one device what another writes', { timeout: BOUND_MS }, async () => {
  await start('npx breakwater');
  const address = await start('npx vite');
  const [one, other] = [await openDevice(address), await openDevice(address)];
  await writeNote(one, 'Low tide at noon');
  await expect.poll(() => notes(other), { timeout: 10_000 }).toEqual(['Low tide at noon']);
});

it('[PK7] and so does what is built of it', { timeout: BOUND_MS }, async () => {
  await finish('npx vite build');
  const address = await start('npx breakwater --static dist');
  const [one, other] = [await openDevice(address), await openDevice(address)];
  await writeNote(one, 'High tide at six');
  await expect.poll(() => notes(other), { timeout: 10_000 }).toContain('High tide at six');
});
