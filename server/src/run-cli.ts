import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { backup } from './backup-data.ts';
import { CliError } from './cli-error.ts';
import { type CliCommand, type CliOptions, HELP, readCliCommand } from './cli-options.ts';
import { DataDirectoryError, DataDirectoryLockedError } from './data-directory.ts';
import { createJsonLog } from './json-log.ts';
import type { Log } from './log.ts';
import { purge } from './purge-data.ts';
import { restore } from './restore-data.ts';
import { type BreakwaterServer, createServer } from './server.ts';
import { ServerOptionsError } from './server-options-error.ts';
import { createTextLog } from './text-log.ts';

/** The program `breakwater`. Expected faults end it with one line and exit code 1. */
export async function runCli(): Promise<void> {
  try {
    await run(readCliCommand(process.argv.slice(2), process.env));
  } catch (error) {
    console.error(isExpected(error) ? error.message : error);
    process.exit(1);
  }
}

function run(command: CliCommand): Promise<void> | void {
  switch (command.name) {
    case 'help':
      return console.log(HELP);
    case 'serve':
      return start(command.options);
    case 'purge':
      return purge(command.options);
    case 'backup':
      return backup(command.options);
    case 'restore':
      return restore(command.options);
  }
}

async function start(options: CliOptions): Promise<void> {
  const { host, dataDir, staticDir, jwt, open, maxTenantBlobBytes, keepUnusedBlobsHours } = options;
  if (staticDir !== undefined) requireDirectory(staticDir);
  const server = await createServer({
    dataDir,
    open,
    log: openLog(options),
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
    ...(jwt === undefined ? {} : { jwt }),
    ...(options.collections === undefined ? {} : { collections: options.collections }),
    ...(staticDir === undefined ? {} : { staticDir }),
    limits: options.limits,
    ...(options.pathPrefix === undefined ? {} : { pathPrefix: options.pathPrefix }),
    ...(options.closeWithinSeconds === undefined ? {} : { closeWithinMs: options.closeWithinSeconds * 1000 }),
    connections: options.connections,
    trustedProxies: options.trustedProxies,
    ...(options.allowedOrigins === undefined ? {} : { allowedOrigins: options.allowedOrigins }),
    blobs: {
      ...(maxTenantBlobBytes === undefined ? {} : { maxTenantBytes: maxTenantBlobBytes }),
      ...(keepUnusedBlobsHours === undefined ? {} : { keepUnusedHours: keepUnusedBlobsHours }),
    },
  });
  closeOnSignal(server);
  const { port } = await listen(server, options);
  console.log(`Breakwater is ready at http://${toUrlHost(host)}:${port}`);
  console.log(`Data is in ${resolve(dataDir)}`);
  const { metricsAddress: metrics } = server;
  if (metrics !== undefined) console.log(`Metrics are at http://${toUrlHost(metrics.host)}:${metrics.port}/metrics`);
}

function openLog({ logLevel: level, logFormat }: CliOptions): Log {
  const format = logFormat ?? (process.stderr.isTTY ? 'text' : 'json');
  if (format === 'json') return createJsonLog({ level });
  return createTextLog({ level, write: (line) => process.stderr.write(line), now: Date.now });
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** A second one, of either kind, does what signals do: it ends the process at once. */
function closeOnSignal(server: BreakwaterServer): void {
  const close = async () => {
    for (const signal of STOP_SIGNALS) process.off(signal, close);
    await server.close();
    process.exit(0);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, close);
}

async function listen(server: BreakwaterServer, { host, port }: CliOptions): Promise<{ port: number }> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    await server.close();
    throw explainListenError(error, host, port);
  }
}

function explainListenError(error: unknown, host: string, port: number): unknown {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'EADDRINUSE':
      return new CliError(`Port ${port} is taken. Stop what uses it, or choose another: PORT=${(port % 65_535) + 1}.`);
    case 'EACCES':
      return new CliError(`This user may not listen on port ${port}. Choose one above 1023, for example PORT=8080.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new CliError(
        `HOST is '${host}', which is no address of this machine. Try HOST=localhost or HOST=0.0.0.0.`,
      );
    default:
      return error;
  }
}

function requireDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new CliError(
      `--static names ${resolve(path)}, which is no directory. Build the files first, or correct the path.`,
    );
  }
}

function isExpected(error: unknown): error is Error {
  return [CliError, ServerOptionsError, DataDirectoryError, DataDirectoryLockedError].some(
    (kind) => error instanceof kind,
  );
}

function toUrlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
