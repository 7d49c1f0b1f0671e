import { expect, test } from 'vitest';
import { findBrowser, type Machine } from '../find-browser.ts';

test('the Chromium of Playwright comes before one of the system', () => {
  expect(findBrowser(machineWith({ files: ['/pw/chrome', '/usr/bin/chromium'] }))).toBe('/pw/chrome');
});

test('a browser is found on the PATH', () => {
  const machine = machineWith({ files: ['/odd/place/chromium-browser'], env: { PATH: '/bin:/odd/place' } });
  expect(findBrowser(machine)).toBe('/odd/place/chromium-browser');
});

test('a program that does not start is passed over', () => {
  const files = ['/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  expect(findBrowser(machineWith({ files, broken: ['/usr/bin/chromium-browser'] }))).toBe('/usr/bin/google-chrome');
});

test('the applications folder is searched on macOS', () => {
  const path = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
  expect(findBrowser(machineWith({ files: [path], platform: 'darwin' }))).toBe(path);
});

test('the program folders are searched on Windows', () => {
  const path = 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe';
  const env = { PROGRAMFILES: 'C:\\Program Files' };
  expect(findBrowser(machineWith({ files: [path], platform: 'win32', env }))).toBe(path);
});

test('root on Debian gets the chromium package', () => {
  const commands: string[] = [];
  const machine = machineWith({ files: ['/usr/bin/apt-get'], isRoot: true, commands });
  expect(findBrowser(machine)).toBe('/usr/bin/chromium');
  expect(commands).toEqual(['apt-get update', 'apt-get install -y chromium']);
});

test('without the rights to install, the error says what to install', () => {
  const commands: string[] = [];
  const machine = machineWith({ files: ['/usr/bin/apt-get'], commands });
  expect(() => findBrowser(machine)).toThrow(/npx playwright install chromium.*apt-get install chromium/);
  expect(commands).toEqual([]);
});

test('BREAKWATER_CHROMIUM is taken before all others', () => {
  const env = { BREAKWATER_CHROMIUM: '/mine' };
  expect(findBrowser(machineWith({ files: ['/mine', '/pw/chrome'], env }))).toBe('/mine');
});

test('a wrong BREAKWATER_CHROMIUM is an error, not a reason to search on', () => {
  const env = { BREAKWATER_CHROMIUM: '/mine' };
  expect(() => findBrowser(machineWith({ files: ['/pw/chrome'], env }))).toThrow(/BREAKWATER_CHROMIUM is "\/mine"/);
});

type Setup = Partial<Pick<Machine, 'platform' | 'env' | 'isRoot'>> & {
  files: string[];
  broken?: string[];
  commands?: string[];
};

function machineWith({ files, broken = [], commands = [], ...rest }: Setup): Machine {
  const present = new Set(files);
  return {
    platform: 'linux',
    env: {},
    isRoot: false,
    playwrightPath: '/pw/chrome',
    ...rest,
    exists: (path) => present.has(path),
    starts: (path) => present.has(path) && !broken.includes(path),
    run: (command, args) => {
      commands.push([command, ...args].join(' '));
      if (args.includes('install')) present.add('/usr/bin/chromium');
      return true;
    },
  };
}
