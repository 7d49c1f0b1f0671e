import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findDeadLinks } from '../doc-links.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('links of the documentation', () => {
  it('lead to what is there', () => {
    const files = globSync(['*.md', 'docs/*.md'], { cwd: ROOT });
    const pages = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]));
    expect(pages.size).toBeGreaterThan(10);
    expect(findDeadLinks(pages, (path) => existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('are dead without their file, or their heading', () => {
    const pages = new Map([
      ['a.md', '# Two `words`, one\n[b](docs/b.md) [gone](docs/c.md) [here](#two-words-one) [not](#two)'],
      [
        'docs/b.md',
        '## A\n## A\n```sh\n# no heading\n```\n[up](../a.md#two-words-one) [a](#a-1) [c](#a-2) [d](#no-heading)',
      ],
    ]);
    expect(findDeadLinks(pages, (path) => pages.has(path))).toEqual([
      { page: 'a.md', link: 'docs/c.md' },
      { page: 'a.md', link: '#two' },
      { page: 'docs/b.md', link: '#a-2' },
      { page: 'docs/b.md', link: '#no-heading' },
    ]);
  });

  it('elsewhere, and in code, are left alone', () => {
    const pages = new Map([['a.md', '[x](https://example.org/#y)\n```ts\nlist[0](gone)\n```\n']]);
    expect(findDeadLinks(pages, () => false)).toEqual([]);
  });
});
