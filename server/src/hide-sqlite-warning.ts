/**
 * Node calls its SQLite experimental on every start. The people who start the server can do nothing about it, and it
 * would stand where the one line stands that they need to see. Other warnings are shown as ever.
 */
export function hideSqliteWarning(): void {
  const emitWarning = process.emitWarning.bind(process) as (...args: readonly unknown[]) => void;
  process.emitWarning = (...args: readonly unknown[]) => {
    if (!String(args[0]).startsWith('SQLite is an experimental feature')) emitWarning(...args);
  };
}
