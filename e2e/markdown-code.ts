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
