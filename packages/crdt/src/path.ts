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
  return path.split('.').map(unescapeSegment);
}

/** Is this text a path as {@link toPath} writes them? `__proto__` is refused: it is no plain property name. */
export function isPath(text: string): text is Path {
  return text.split('.').every((segment) => {
    const name = unescapeSegment(segment);
    return name !== '__proto__' && name.isWellFormed() && escapeSegment(name) === segment;
  });
}

/** The register that says whether the document is deleted. */
export const DELETED = '_deleted' as Path;

/**
 * Stands for the generation of a state in a list of paths. No path of a document can be a lone `%`, since `%` is
 * always escaped.
 */
export const GENERATION = '%' as Path;

const ATTACHMENTS = '_attachments';

export function attachmentPath(name: string): Path {
  return toPath([ATTACHMENTS, name]);
}

/** The attachment's name, or undefined when the path is no attachment's. */
export function attachmentName(path: Path): string | undefined {
  return path.startsWith(`${ATTACHMENTS}.`) ? unescapeSegment(path.slice(ATTACHMENTS.length + 1)) : undefined;
}

function escapeSegment(name: string): string {
  return /[.%]/.test(name) ? name.replaceAll('%', '%25').replaceAll('.', '%2E') : name;
}

function unescapeSegment(segment: string): string {
  return segment.includes('%') ? segment.replaceAll('%2E', '.').replaceAll('%25', '%') : segment;
}
