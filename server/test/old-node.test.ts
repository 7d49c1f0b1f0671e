import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { faultOfNode } from '../src/old-node.ts';

test('[CL9] a Node that is too old for the server is told which one it needs', () => {
  for (const version of ['18.20.8', '20.20.2', '22.15.1']) {
    expect(faultOfNode(version)).toBe(
      `Breakwater's server needs Node 22.16 or newer; this is ${version}. Install a newer one, for example from https://nodejs.org.`,
    );
  }
  for (const version of ['22.16.0', '23.0.0', '24.9.0', '25.0.0-nightly20250101']) {
    expect(faultOfNode(version)).toBeUndefined();
  }
});

test('[CL9] it is the one that the package names', () => {
  const manifest: { engines: { node: string } } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'),
  );
  const oldest = manifest.engines.node.replace('>=', '');
  expect(faultOfNode(`${oldest}.0`)).toBeUndefined();
  expect(faultOfNode('0.0.0')).toContain(`Node ${oldest} `);
});
