import { posix } from 'node:path';

/** A name that an entry exports. */
export interface PublicName {
  readonly name: string;
  /** The text of its docstring, without stars; '': it has none. */
  readonly doc: string;
  /** Its declaration, the docstrings of its members included. */
  readonly code: string;
}

export interface Declarations {
  /** The declarations that were made of a source file, by its path, which ends with `.ts`. */
  read(path: string): string;
  /** The entry of each package, by the name under which it is imported. */
  readonly entries: Readonly<Record<string, string>>;
}

/** Lists of names in braces, with where they come from if that is another file. */
const NAMES = /^(export|import) (?:type )?\{([^}]*)\}(?: from '([^']+)')?;$/gm;

/** The names that a file exports by lists, in their order. */
export function exportedNames(declarations: Declarations, entry: string): string[] {
  return [...declarations.read(entry).matchAll(NAMES)].flatMap(([, keyword, list = '']) =>
    keyword === 'export' ? namesIn(list) : [],
  );
}

/** Follows a name from file to file to where it is declared. @throws Error when it leads nowhere. */
export function findName(declarations: Declarations, file: string, name: string): PublicName {
  const text = declarations.read(file);
  const declared = declarationOf(text, name);
  if (declared !== undefined) return declared;
  for (const [, , list = '', from] of text.matchAll(NAMES)) {
    if (from === undefined || !namesIn(list).includes(name)) continue;
    const next = from.startsWith('.') ? posix.join(posix.dirname(file), from) : declarations.entries[from];
    if (next !== undefined) return findName(declarations, next, name);
  }
  throw new Error(`${file} has no '${name}', nor says where it comes from`);
}

function namesIn(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim().replace(/^type /, ''))
    .filter((name) => name !== '');
}

function declarationOf(text: string, name: string): PublicName | undefined {
  const lines = text.split('\n');
  const pattern = new RegExp(`^export (?:declare )?(?:function|class|interface|type|const) ${name}\\b`);
  const start = lines.findIndex((line) => pattern.test(line));
  if (start < 0) return undefined;
  const code = lines.slice(start, endOf(lines, start) + 1).map(indentByTwo);
  code[0] = (code[0] ?? '').replace(/^export (?:declare )?/, '');
  return { name, doc: docBefore(lines, start), code: code.join('\n') };
}

/** The last line of the declaration that begins at a line: where all its brackets are closed. */
function endOf(lines: readonly string[], start: number): number {
  const last = /^export (?:declare )?(?:class|interface) /.test(lines[start] ?? '') ? '}' : ';';
  let depth = 0;
  for (let at = start; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (/^\s*(\/\*\*|\*)/.test(line)) continue;
    for (const character of line) depth += '{(['.includes(character) ? 1 : '})]'.includes(character) ? -1 : 0;
    if (depth === 0 && line.endsWith(last)) return at;
  }
  throw new Error(`a declaration has no end: ${lines[start]}`);
}

/** The compiler indents by four. */
function indentByTwo(line: string): string {
  const [indent = ''] = /^ */.exec(line) ?? [];
  return ' '.repeat(Math.floor(indent.length / 4) * 2 + (indent.length % 4)) + line.slice(indent.length);
}

function docBefore(lines: readonly string[], start: number): string {
  if (!lines[start - 1]?.endsWith('*/')) return '';
  let first = start - 1;
  while (!lines[first]?.startsWith('/**')) first--;
  return lines
    .slice(first, start)
    .map((line) => line.replace(/^\/?\s*\*+\/?\s?/, '').replace(/\s*\*\/$/, ''))
    .join('\n')
    .trim();
}
