#!/usr/bin/env node
import { hideSqliteWarning } from './hide-sqlite-warning.ts';

// Before anything loads node:sqlite, which is what the others do.
hideSqliteWarning();
const { runCli } = await import('./run-cli.ts');
await runCli();
