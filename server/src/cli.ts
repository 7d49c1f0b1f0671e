#!/usr/bin/env node
import process from 'node:process';
import { hideSqliteWarning } from './hide-sqlite-warning.ts';
import { faultOfNode } from './old-node.ts';

const fault = faultOfNode(process.versions.node);
if (fault !== undefined) {
  console.error(fault);
  process.exit(1);
}
// Before anything loads node:sqlite, which is what the others do.
hideSqliteWarning();
const { runCli } = await import('./run-cli.ts');
await runCli();
