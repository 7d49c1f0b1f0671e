import { parseArgs } from 'node:util';
import { CliError } from './cli-error.ts';
import { readJwt } from './cli-jwt.ts';
import { readList } from './cli-list.ts';
import type { ConnectionOptions } from './connection-caps.ts';
import type { Limits } from './limits.ts';
import { LOG_LEVELS, type LogLevel } from './log.ts';
import type { MetricsOptions } from './metrics-listener.ts';
import type { JwtOptions } from './token-authentication.ts';

export type CliCommand =
  | { readonly name: 'help' }
  | { readonly name: 'serve'; readonly options: CliOptions }
  | { readonly name: 'purge'; readonly options: PurgeOptions }
  | { readonly name: 'backup' | 'restore'; readonly options: FileOptions };

/** A backup, to make or to restore. */
export interface FileOptions {
  readonly dataDir: string;
  readonly file: string;
}

/** Lines for people, or of JSON. */
export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface CliOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** Undefined: any. */
  readonly collections: readonly string[] | undefined;
  readonly staticDir: string | undefined;
  /** Undefined: nobody is asked for a token. */
  readonly jwt: JwtOptions | undefined;
  readonly open: boolean;
  /** Undefined: none. */
  readonly metrics: MetricsOptions | undefined;
  readonly logLevel: LogLevel;
  /** Undefined: text on a terminal, JSON elsewhere. */
  readonly logFormat: LogFormat | undefined;
  /** Bytes. Undefined: no limit. */
  readonly maxTenantBlobBytes: number | undefined;
  /** Undefined: the server's default. */
  readonly keepUnusedBlobsHours: number | undefined;
  readonly limits: Partial<Limits>;
  readonly connections: ConnectionOptions;
  readonly pathPrefix: string | undefined;
  /** Undefined: the server's default. */
  readonly closeWithinSeconds: number | undefined;
  readonly trustedProxies: readonly string[];
  /** Undefined: the server's own. */
  readonly allowedOrigins: readonly string[] | undefined;
}

export interface PurgeOptions {
  readonly dataDir: string;
  readonly olderThanDays: number;
}

export const HELP = `breakwater: the hub of Breakwater. Keeps the rows, merges what clients send, tells the other clients.

Usage: breakwater [--static DIR] [--help]
       breakwater purge --older-than DAYS
       breakwater backup FILE
       breakwater restore FILE

  --static DIR       also serve the files of a directory over HTTP
  --older-than DAYS  drop the tombstones of documents that were deleted so many days ago (from 1). For a server that is
                     stopped. Clients that have not connected since then read everything anew when they do.
  backup FILE        copies the database into a new file, while the server runs or not
  restore FILE       puts such a file in the place of the database of a server that is stopped; what was there is kept.
                     Clients then read everything anew, and send what the backup has not.

Environment:
  HOST                    where to listen (default localhost; 0.0.0.0 for every network)
  PORT                    on which port (default 8080)
  BREAKWATER_DATA         the data directory (default ./data): the database, and the attachments in its folder blobs.
                          A backup needs both: first breakwater backup, then a copy of the folder.
  BREAKWATER_COLLECTIONS  the collections there are, with commas between them (default: whatever clients name)
  BREAKWATER_MAX_TENANT_BLOB_BYTES
                          bytes that the attachments of a tenant may have together (default: no limit)
  BREAKWATER_KEEP_UNUSED_BLOBS_HOURS
                          for how long attachments are kept that no document has any more (default 24)
  BREAKWATER_CLOSE_WITHIN_SECONDS
                          how long it may take to stop on SIGTERM or SIGINT (default 10); a second one ends it at once
  BREAKWATER_METRICS_PORT where Prometheus reads /metrics (default: nowhere)
  BREAKWATER_METRICS_HOST at which address (default localhost)
  BREAKWATER_LOG          text or json: how the log on stderr is written (default: text on a terminal, else json)
  BREAKWATER_LOG_LEVEL    error, warn, info (default), or debug, which tells of every session

Who is let in:
  BREAKWATER_JWT_SECRET      whoever has a token (JWT) signed by HS256 with this secret of at least 32 bytes, or
  BREAKWATER_JWT_PUBLIC_KEY  with the private key of this public one (RS256, ES256, EdDSA): a PEM, JWK or JWKS, or the path
                             of a file with one
  BREAKWATER_JWT_ISSUER, BREAKWATER_JWT_AUDIENCE
                             what the claims iss and aud must be (default: anything)
  BREAKWATER_JWT_TENANT_CLAIM, BREAKWATER_JWT_USER_CLAIM, BREAKWATER_JWT_LABELS_CLAIM
                             which claims name the tenant, the user and the labels (default: tenant, sub, labels)
  BREAKWATER_JWT_ALGORITHMS  the algorithms there are, with commas between them (default: the usual one of the key)
  BREAKWATER_OPEN            1: everybody, who may then read and write everything. Without a key or this the server listens
                             on localhost only.

Limits, for a server that others can reach (what a session may send its client is told, and keeps to):
  BREAKWATER_ALLOWED_ORIGINS  origins whose pages may connect, with commas between them (default: the server's own host)
  BREAKWATER_PATH_PREFIX      what stands before all paths, such as /breakwater, behind a proxy (default: nothing)
  BREAKWATER_TRUSTED_PROXIES  addresses or networks (10.0.0.0/8) of proxies whose X-Forwarded-For counts (default: none)
  BREAKWATER_MAX_CONNECTIONS, BREAKWATER_MAX_CONNECTIONS_PER_ADDRESS, BREAKWATER_MAX_CONNECTIONS_PER_USER
                              websockets at once (default 20000, 1000, 200)
  BREAKWATER_MAX_MESSAGES_PER_SECOND, BREAKWATER_MAX_BYTES_PER_SECOND
                              of one session, in the long run (default 1000, 16777216)
  BREAKWATER_MAX_ROW_BYTES, BREAKWATER_MAX_MESSAGE_BYTES, BREAKWATER_MAX_PUSH_ROWS, BREAKWATER_MAX_BLOB_BYTES
                              of one document, message, push, attachment (default 786432, 1048576, 1000, 104857600)

To ask for tokens in another way, start it from a program of your own: createServer({ authenticate }) of
@breakwater/server.`;

/** @throws CliError */
export function readCliCommand(args: readonly string[], env: NodeJS.ProcessEnv): CliCommand {
  const { help, names, staticDir, olderThan } = readFlags(args);
  const [name, ...others] = names;
  if (help) return { name: 'help' };
  if (name === 'backup' || name === 'restore') {
    return {
      name,
      options: { dataDir: env.BREAKWATER_DATA || './data', file: readFileName(name, others, staticDir ?? olderThan) },
    };
  }
  if (others.length > 0 || (name !== undefined && name !== 'purge')) {
    throw new CliError(`There is no command '${names.join(' ')}'. See breakwater --help.`);
  }
  const dataDir = env.BREAKWATER_DATA || './data';
  if (name === 'purge') {
    if (staticDir !== undefined) throw new CliError('purge serves no files; leave --static away.');
    return { name, options: { dataDir, olderThanDays: readDays(olderThan) } };
  }
  if (olderThan !== undefined) throw new CliError('--older-than belongs to breakwater purge. See breakwater --help.');
  const options = {
    host: env.HOST || 'localhost',
    port: readPort('PORT', env.PORT || '8080'),
    dataDir,
    collections: readList(env.BREAKWATER_COLLECTIONS),
    staticDir,
    jwt: readJwt(env),
    open: readSwitch(env, 'BREAKWATER_OPEN'),
    metrics: readMetrics(env),
    logLevel: readChoice(env, 'BREAKWATER_LOG_LEVEL', LOG_LEVELS) ?? 'info',
    logFormat: readChoice(env, 'BREAKWATER_LOG', LOG_FORMATS),
    maxTenantBlobBytes: readWhole(env, 'BREAKWATER_MAX_TENANT_BLOB_BYTES', 0),
    keepUnusedBlobsHours: readWhole(env, 'BREAKWATER_KEEP_UNUSED_BLOBS_HOURS', 1),
    limits: readWholes<Limits>(env, LIMIT_VARIABLES),
    connections: readWholes<Required<ConnectionOptions>>(env, CONNECTION_VARIABLES),
    pathPrefix: env.BREAKWATER_PATH_PREFIX || undefined,
    closeWithinSeconds: readWhole(env, 'BREAKWATER_CLOSE_WITHIN_SECONDS', 1),
    trustedProxies: readList(env.BREAKWATER_TRUSTED_PROXIES) ?? [],
    allowedOrigins: readList(env.BREAKWATER_ALLOWED_ORIGINS),
  };
  return { name: 'serve', options };
}

interface Flags {
  readonly help: boolean;
  readonly names: readonly string[];
  readonly staticDir: string | undefined;
  readonly olderThan: string | undefined;
}

function readFlags(args: readonly string[]): Flags {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        static: { type: 'string' },
        'older-than': { type: 'string' },
      },
    });
    const { help = false, static: staticDir, 'older-than': olderThan } = values;
    return { help, names: positionals, staticDir, olderThan };
  } catch (error) {
    // What follows the first sentence is advice that does not fit here.
    const [fault = ''] = (error instanceof Error ? error.message : String(error)).split(/\.?(?:\s*\n|$)|\.\s/);
    throw new CliError(`${fault}. See breakwater --help.`);
  }
}

function readFileName(command: string, [file, ...more]: readonly string[], option: string | undefined): string {
  if (file !== undefined && file !== '' && more.length === 0 && option === undefined) return file;
  throw new CliError(`${command} needs a file and nothing else, for example breakwater ${command} monday.sqlite.`);
}

/** Nobody has tombstones older than that; a number with more digits is a slip. */
const MAX_DAYS = 36_500;

function readDays(text: string | undefined): number {
  if (text === undefined) throw new CliError('purge needs --older-than DAYS, for example --older-than 365.');
  const days = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (days >= 1 && days <= MAX_DAYS) return days;
  throw new CliError(`--older-than is '${text}'; set it to a whole number of days from 1 to ${MAX_DAYS}.`);
}

function readMetrics(env: NodeJS.ProcessEnv): MetricsOptions | undefined {
  const { BREAKWATER_METRICS_PORT: port, BREAKWATER_METRICS_HOST: host } = env;
  return port ? { host: host || 'localhost', port: readPort('BREAKWATER_METRICS_PORT', port) } : undefined;
}

function readPort(name: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new CliError(`${name} is '${text}'; set it to a number from 0 to 65535.`);
  return port;
}

/** Undefined: it is not set. */
function readChoice<T extends string>(env: NodeJS.ProcessEnv, name: string, choices: readonly T[]): T | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw new CliError(`${name} is '${text}'; set it to one of ${choices.join(', ')}.`);
}

function readSwitch(env: NodeJS.ProcessEnv, name: string): boolean {
  const text = env[name] || '0';
  if (text !== '0' && text !== '1') throw new CliError(`${name} is '${text}'; set it to 1 or 0.`);
  return text === '1';
}

const LIMIT_VARIABLES: { readonly [K in keyof Limits]: string } = {
  maxRowBytes: 'BREAKWATER_MAX_ROW_BYTES',
  maxMessageBytes: 'BREAKWATER_MAX_MESSAGE_BYTES',
  maxPushRows: 'BREAKWATER_MAX_PUSH_ROWS',
  maxBlobBytes: 'BREAKWATER_MAX_BLOB_BYTES',
  maxMessagesPerSecond: 'BREAKWATER_MAX_MESSAGES_PER_SECOND',
  maxBytesPerSecond: 'BREAKWATER_MAX_BYTES_PER_SECOND',
};

const CONNECTION_VARIABLES: { readonly [K in keyof ConnectionOptions]-?: string } = {
  max: 'BREAKWATER_MAX_CONNECTIONS',
  maxPerAddress: 'BREAKWATER_MAX_CONNECTIONS_PER_ADDRESS',
  maxPerUser: 'BREAKWATER_MAX_CONNECTIONS_PER_USER',
};

/** Those that are set. */
function readWholes<T extends { readonly [name in keyof T]: number }>(
  env: NodeJS.ProcessEnv,
  variables: { readonly [K in keyof T]: string },
): Partial<T> {
  const set = Object.entries<string>(variables).flatMap(([name, variable]) => {
    const value = readWhole(env, variable, 1);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(set) as Partial<T>;
}

/** Undefined: it is not set. */
function readWhole(env: NodeJS.ProcessEnv, name: string, least: number): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least) return value;
  throw new CliError(`${name} is '${text}'; set it to a whole number from ${least}.`);
}
