/** What happened is in `message`, in words; what it happened to is in `fields`. Neither holds documents, values or tokens. */
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** From what needs somebody to what helps to follow a session. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** For a part of the server that tells of nothing but failures. */
export function failuresOf(part: string, log: Log): (line: string) => void {
  return (line) => log('error', line, { part });
}
