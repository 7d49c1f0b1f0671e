import { parseSync, Visitor } from 'vite';
import type { Import } from './import-rules.ts';

/** Every module a file names: imports and re-exports, type-only ones and `import('…')` too. */
export function readImports(path: string, text: string): Import[] {
  const { program, errors } = parseSync(path, text);
  const error = errors[0];
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);

  const imports: Import[] = [];
  const add = (source: { readonly start: number; readonly value?: unknown } | null) => {
    if (typeof source?.value !== 'string') return;
    imports.push({ specifier: source.value, line: text.slice(0, source.start).split('\n').length });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add('value' in node.source ? node.source : null),
    TSImportType: (node) => add(node.source),
    TSExternalModuleReference: (node) => add(node.expression),
  }).visit(program);
  return imports;
}
