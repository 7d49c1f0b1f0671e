import { describe, expect, it } from 'vitest';
import { type Declarations, exportedNames, findName } from '../api/read-entry.ts';
import { renderApi, renderDoc } from '../api/render.ts';

const FILES: Readonly<Record<string, string>> = {
  'a/index.ts': `
export { type Shape, draw } from './draw/draw.ts';
export type { Other, } from '@scope/b';
`,
  'a/draw/draw.ts': `
/** Not this one. */
export type Shapes = readonly Shape[];
/** What is drawn. */
export type Shape = {
    readonly kind: 'round' | 'square';
}
/** With (a half bracket. */
 | {
    readonly kind: 'none';
};
/**
 * Draws it.
 *
 * @param shape what to draw.
 * @throws RangeError when it is none,
 * or is too large.
 */
export declare function draw(shape: Shape): void;
`,
  'b/index.ts': `
import { type Other } from './other.ts';
export type { Other };
`,
  'b/other.ts': `
export interface Other {
    nested: {
        deep: true;
    };
}
`,
};

const declarations: Declarations = {
  read(path) {
    const text = FILES[path];
    if (text === undefined) throw new Error(`there is no ${path}`);
    return text;
  },
  entries: { '@scope/b': 'b/index.ts' },
};

describe('names of an entry', () => {
  it('are listed in their order', () => {
    expect(exportedNames(declarations, 'a/index.ts')).toEqual(['Shape', 'draw', 'Other']);
  });

  it('are followed to their declaration, over files and packages', () => {
    expect(findName(declarations, 'a/index.ts', 'Other')).toEqual({
      name: 'Other',
      doc: '',
      code: 'interface Other {\n  nested: {\n    deep: true;\n  };\n}',
    });
  });

  it('have their docstring, and all of their declaration', () => {
    const { doc, code } = findName(declarations, 'a/index.ts', 'Shape');
    expect(doc).toBe('What is drawn.');
    expect(code.split('\n')).toEqual([
      'type Shape = {',
      "  readonly kind: 'round' | 'square';",
      '}',
      '/** With (a half bracket. */',
      ' | {',
      "  readonly kind: 'none';",
      '};',
    ]);
  });

  it('that lead nowhere are an error', () => {
    expect(() => findName(declarations, 'a/index.ts', 'Missing')).toThrow("a/index.ts has no 'Missing'");
  });
});

describe('the reference', () => {
  it('makes sentences of tags', () => {
    expect(renderDoc(findName(declarations, 'a/index.ts', 'draw').doc)).toBe(
      'Draws it.\n\n`shape`: what to draw.\n\nThrows `RangeError` when it is none,\nor is too large.',
    );
  });

  it('links to each name, also to one that differs from another in its case only', () => {
    const named = (name: string, code: string) => ({ name, doc: '', code });
    const names = [named('imageUrl', 'function imageUrl(): ImageUrl;'), named('ImageUrl', 'interface ImageUrl {}')];
    const page = renderApi([{ name: 'p', about: 'About it.', names }]);
    expect(page).toContain('Values: [imageUrl](#imageurl)\n');
    expect(page).toContain('Types: [ImageUrl](#imageurl-1)\n');
  });
});
