/** The one `ts` block of a text that contains what is given. Throws if none or several do. */
export function codeWith(markdown: string, part: string): string {
  const blocks = [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
  const [found, ...others] = blocks.filter((code) => code.includes(part));
  if (found === undefined || others.length > 0) {
    throw new Error(`${found === undefined ? 'no block' : 'more than one block'} of TypeScript contains ${part}`);
  }
  return found;
}

/** From the line that starts so to the end of its statement, which is the first line that starts with its last characters. */
export function statementFrom(code: string, start: string, end: string): string {
  const from = code.indexOf(start);
  const to = code.indexOf(`\n${end}`, from);
  if (from < 0 || to < 0) throw new Error(`no statement starts with ${start} and ends with ${end}`);
  return code.slice(from, to + 1 + end.length);
}

/** The blocks that stand below a line that ends with their file's name: `main.ts`: */
export function filesIn(markdown: string): Record<string, string> {
  const named = markdown.matchAll(/`([\w.-]+)`:\n\n```\w+\n(.*?)^```$/gms);
  return Object.fromEntries([...named].map(([, name = '', text = '']) => [name, text]));
}

/** The lines of all `sh` blocks. */
export function commandsIn(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, lines = '']) => lines.trim().split('\n'));
}
