import { MAX_DEPTH } from './json.ts';

/**
 * The address of one register in a document: property names joined by dots, in each of them `%` written `%25` and `.`
 * written `%2E`.
 */
export type Path = string & { readonly __brand: 'Path' };

export function toPath(segments: readonly string[]): Path {
  return segments.map(escapeSegment).join('.') as Path;
}

export function childPath(parent: Path, segment: string): Path {
  return `${parent}.${escapeSegment(segment)}` as Path;
}

export function segmentsOf(path: Path): string[] {
  return path.includes('.') ? path.split('.').map(unescapeSegment) : [unescapeSegment(path)];
}

/**
 * Is this well-formed text a path as {@link toPath} writes them, of at most {@link MAX_DEPTH} names? `__proto__` is
 * refused: it is no plain property name.
 */
export function isPath(text: string): text is Path {
  if (!text.includes('.')) return isSegment(text);
  const segments = text.split('.');
  return segments.length <= MAX_DEPTH && segments.every(isSegment);
}

function isSegment(segment: string): boolean {
  return segment !== '__proto__' && (!segment.includes('%') || escapeSegment(unescapeSegment(segment)) === segment);
}

/** The register that says whether the document is deleted. */
export const DELETED = '_deleted' as Path;

/**
 * Stands for the generation of a state in a list of paths. No path of a document can be a lone `%`, since `%` is
 * always escaped.
 */
export const GENERATION = '%' as Path;

const ATTACHMENTS = '_attachments';
const BEFORE_NAME = `${ATTACHMENTS}.`;

/** RxDB's own properties of a stored document. They are no fields; deletion and attachments are captured apart. */
const OWN_PROPERTIES = new Set<string>([DELETED, ATTACHMENTS, '_meta', '_rev']);

export function isOwnProperty(name: string): boolean {
  return OWN_PROPERTIES.has(name);
}

export function attachmentPath(name: string): Path {
  return toPath([ATTACHMENTS, name]);
}

/** The attachment's name, or undefined when the path is no attachment's. */
export function attachmentName(path: Path): string | undefined {
  if (!path.startsWith(BEFORE_NAME)) return undefined;
  const segment = path.slice(BEFORE_NAME.length);
  return segment.includes('.') ? undefined : unescapeSegment(segment);
}

function escapeSegment(name: string): string {
  return /[.%]/.test(name) ? name.replaceAll('%', '%25').replaceAll('.', '%2E') : name;
}

function unescapeSegment(segment: string): string {
  return segment.includes('%') ? segment.replaceAll('%2E', '.').replaceAll('%25', '%') : segment;
}
