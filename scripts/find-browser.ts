import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { chromium } from 'playwright';

/** What the search may ask of the machine; tests hand in their own. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
  readonly playwrightPath: string;
  exists(path: string): boolean;
  /** Whether the program starts: Ubuntu ships a `chromium-browser` that only says to install a snap. */
  starts(path: string): boolean;
  /** Runs a command with its output shown and answers whether it succeeded. */
  run(command: string, args: readonly string[]): boolean;
}

/** The path of a Chromium that starts, installed by apt if need be and possible; throws with what to install. */
export function findBrowser(machine: Machine = thisMachine()): string {
  const chosen = machine.env.BREAKWATER_CHROMIUM;
  if (chosen !== undefined && chosen !== '') {
    if (machine.starts(chosen)) return chosen;
    throw new Error(`BREAKWATER_CHROMIUM is "${chosen}", which is not a browser that starts. Correct it or unset it.`);
  }
  const found = findInstalled(machine) ?? installWithApt(machine);
  if (found !== undefined) return found;
  throw new Error(
    'No Chromium found. Install one: run "npx playwright install chromium", or install your ' +
      'distribution\'s package (Debian: "apt-get install chromium"), or set BREAKWATER_CHROMIUM to its path.',
  );
}

function findInstalled(machine: Machine): string | undefined {
  return [machine.playwrightPath, ...systemPaths(machine)].find((path) => machine.exists(path) && machine.starts(path));
}

function systemPaths({ platform, env }: Machine): string[] {
  if (platform === 'darwin') {
    const apps = ['Chromium.app/Contents/MacOS/Chromium', 'Google Chrome.app/Contents/MacOS/Google Chrome'];
    return ['/Applications', `${env.HOME ?? ''}/Applications`].flatMap((root) => apps.map((app) => `${root}/${app}`));
  }
  if (platform === 'win32') {
    const programs = ['Chromium\\Application\\chrome.exe', 'Google\\Chrome\\Application\\chrome.exe'];
    return [env.LOCALAPPDATA, env.PROGRAMFILES, env['PROGRAMFILES(X86)']].flatMap((root) =>
      root === undefined ? [] : programs.map((program) => `${root}\\${program}`),
    );
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const folders = [...(env.PATH ?? '').split(':'), '/usr/bin', '/usr/local/bin', '/snap/bin'].filter(Boolean);
  return [...names.flatMap((name) => folders.map((folder) => `${folder}/${name}`)), '/opt/google/chrome/chrome'];
}

function installWithApt(machine: Machine): string | undefined {
  if (machine.platform !== 'linux' || !machine.isRoot || !machine.exists('/usr/bin/apt-get')) return undefined;
  const installed = machine.run('apt-get', ['update']) && machine.run('apt-get', ['install', '-y', 'chromium']);
  return installed ? findInstalled(machine) : undefined;
}

function thisMachine(): Machine {
  const { platform, env } = process;
  return {
    platform,
    env,
    isRoot: process.getuid?.() === 0,
    playwrightPath: chromium.executablePath(),
    exists: existsSync,
    // On Windows `--version` opens a window instead of answering.
    starts: (path) => existsSync(path) && (platform === 'win32' || spawnSync(path, ['--version']).status === 0),
    run: (command, args) => {
      console.log(`No Chromium found, running: ${command} ${args.join(' ')}`);
      const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
      return spawnSync(command, args, { stdio: 'inherit', env: quiet }).status === 0;
    },
  };
}

if (import.meta.main) console.log(findBrowser());
