import { parseArgs } from 'node:util';

export interface CliOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** Undefined: any. */
  readonly collections: readonly string[] | undefined;
  readonly staticDir: string | undefined;
}

/** Thrown when the server cannot start as asked. Its message is all that the user gets to see. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

export const HELP = `breakwater: the hub of Breakwater. Keeps the rows, merges what clients send, tells the other clients.

Usage: breakwater [--static DIR] [--help]

  --static DIR  also serve the files of a directory over HTTP

Environment:
  HOST                    where to listen (default localhost; 0.0.0.0 for every network)
  PORT                    on which port (default 8080)
  BREAKWATER_DATA         the data directory (default ./data)
  BREAKWATER_COLLECTIONS  the collections there are, with commas between them (default: whatever clients name)

Everybody who reaches the server may read and write everything. To ask for tokens, start it from a program of your own:
createServer({ authenticate }) of @breakwater/server.`;

/** 'help' when that is what was asked for. @throws CliError */
export function readCliOptions(args: readonly string[], env: NodeJS.ProcessEnv): CliOptions | 'help' {
  const { help, static: staticDir } = readFlags(args);
  if (help) return 'help';
  return {
    host: env.HOST || 'localhost',
    port: readPort(env.PORT || '8080'),
    dataDir: env.BREAKWATER_DATA || './data',
    collections: readList(env.BREAKWATER_COLLECTIONS),
    staticDir,
  };
}

function readFlags(args: readonly string[]): { help: boolean | undefined; static: string | undefined } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { help: { type: 'boolean', short: 'h' }, static: { type: 'string' } },
    });
    return { help: values.help, static: values.static };
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split(/\.?(?:\n|$)/);
    throw new CliError(`${line}. See breakwater --help.`);
  }
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new CliError(`PORT is '${text}'; set it to a number from 0 to 65535.`);
  return port;
}

function readList(text: string | undefined): readonly string[] | undefined {
  const names = text?.split(',').map((name) => name.trim());
  const given = names?.filter((name) => name !== '');
  return given === undefined || given.length === 0 ? undefined : given;
}
