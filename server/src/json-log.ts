import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino';
import type { Log, LogLevel } from './log.ts';

export interface JsonLogOptions {
  /** The least pressing one that is written. Default: `info`. */
  readonly level?: LogLevel;
  /** Default: stderr, written before the call returns. */
  readonly stream?: DestinationStream;
}

const STDERR = 2;

/** A line of JSON each, by pino: `level`, `time` (ISO 8601), `msg` and the fields. */
export function createJsonLog({
  level = 'info',
  stream = destination({ dest: STDERR, sync: true }),
}: JsonLogOptions = {}): Log {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = pino(options, stream);
  return (lineLevel, message, fields = {}) => logger[lineLevel](fields, message);
}
