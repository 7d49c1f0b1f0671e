import { readFile } from 'node:fs/promises';

const DOCS = new URL('../../../docs/', import.meta.url);

/** All TypeScript of a guide, block after block, as one file. */
export async function codeOfGuide(name: string): Promise<string> {
  const guide = await readFile(new URL(`${name}.md`, DOCS), 'utf8');
  return [...guide.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code).join('\n');
}

/** The file that a guide's examples are. */
export function exampleOf(name: string): Promise<string> {
  return readFile(new URL(`examples/${name}.ts`, DOCS), 'utf8');
}
