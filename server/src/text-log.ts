import { LOG_LEVELS, type Log, type LogLevel } from './log.ts';

export interface TextLogOptions {
  /** The least pressing one that is written. */
  readonly level: LogLevel;
  readonly write: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A line of text each, for people at a terminal: `12:30:05Z error A push failed (part=hub)`. */
export function createTextLog({ level, write, now }: TextLogOptions): Log {
  const written = LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1);
  return (lineLevel, message, fields = {}) => {
    if (!written.includes(lineLevel)) return;
    const time = new Date(now()).toISOString().slice(11, 19);
    const details = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
    const text = `${time}Z ${lineLevel.padEnd(5)} ${message}${details.length > 0 ? ` (${details.join(', ')})` : ''}`;
    write(`${text.replace(CONTROL, ' ')}\n`);
  };
}

/** What a client chose, a name for example, must neither make lines of its own nor move the cursor. */
const CONTROL = /\p{Cc}+/gu;
