import { posix } from 'node:path';

export interface DeadLink {
  /** The page that has it. */
  readonly page: string;
  readonly link: string;
}

/** A fenced block, whose brackets are code. */
const CODE = /^```.*?^```$/gms;
const LINK = /\]\(([^)\s]+)\)/g;

/**
 * Links to files and headings of this repository that lead nowhere.
 *
 * @param pages Markdown by its path from the root.
 * @param exists whether there is a file or folder at a path from the root.
 */
export function findDeadLinks(pages: ReadonlyMap<string, string>, exists: (path: string) => boolean): DeadLink[] {
  const dead: DeadLink[] = [];
  for (const [page, text] of pages) {
    for (const [, link = ''] of text.replaceAll(CODE, '').matchAll(LINK)) {
      if (!/^[a-z]+:/.test(link) && !isAlive(page, link)) dead.push({ page, link });
    }
  }
  return dead;

  function isAlive(page: string, link: string): boolean {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : posix.normalize(posix.join(posix.dirname(page), path));
    if (!exists(target)) return false;
    const text = pages.get(target);
    return anchor === undefined || text === undefined || anchorsOf(text).has(anchor);
  }
}

/** As GitHub makes them: in lower case, without punctuation, and numbered from the second of a name on. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  const counts = new Map<string, number>();
  for (const [, heading = ''] of text.replaceAll(CODE, '').matchAll(/^#+ (.*)$/gm)) {
    const name = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    anchors.add(count === 0 ? name : `${name}-${count}`);
  }
  return anchors;
}
