import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { findCycles } from './import-cycles.ts';

export type Import = { readonly specifier: string; readonly line: number };

/** Paths are relative to the root of the repository, with slashes. */
export type SourceFile = { readonly path: string; readonly imports: readonly Import[] };

export type Package = {
  readonly name: string;
  readonly folder: string;
  /** What its own package.json lets its sources import. */
  readonly declared: readonly string[];
};

export type Violation = {
  readonly path: string;
  readonly line: number;
  readonly rule: Rule;
  readonly advice: string;
};

export type Rule =
  | 'arrow'
  | 'public-entry'
  | 'own-folder'
  | 'browser-safe'
  | 'ws-in-session-and-server'
  | 'no-rxdb-on-server'
  | 'declared-dependency'
  | 'no-cycle';

const scope = '@breakwater/';

/** Who may import whom. A package that is not in a list must not be imported there. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  '@breakwater/crdt': [],
  '@breakwater/protocol': [],
  '@breakwater/client': ['@breakwater/crdt', '@breakwater/protocol'],
  '@breakwater/server': ['@breakwater/crdt', '@breakwater/protocol'],
  '@breakwater/demo': ['@breakwater/client'],
  '@breakwater/example-vanilla': ['@breakwater/client', '@breakwater/crdt'],
  '@breakwater/example-react': ['@breakwater/client', '@breakwater/crdt'],
  '@breakwater/testing': ['@breakwater/crdt', '@breakwater/protocol', '@breakwater/client', '@breakwater/server'],
};

/** Entries beside a package's public one: only what is never published may import them. */
const entriesForTests: Readonly<Record<string, string>> = {
  '@breakwater/client/sync': 'packages/client/src/sync-entry.ts',
  '@breakwater/server/hub': 'server/src/hub-entry.ts',
};

const runsInBrowser = [
  '@breakwater/crdt',
  '@breakwater/protocol',
  '@breakwater/client',
  '@breakwater/demo',
  '@breakwater/example-vanilla',
  '@breakwater/example-react',
];

const knowsWs = ['server/src/session.ts', 'server/src/server.ts'];

export function checkImports(files: readonly SourceFile[], packages: readonly Package[]): Violation[] {
  const violations = files.flatMap((file) => {
    const owner = packages.find(({ folder }) => file.path.startsWith(`${folder}/src/`));
    return owner === undefined ? [] : file.imports.flatMap((imported) => checkImport(file, imported, owner));
  });
  return [...violations, ...checkCycles(files, packages)];
}

type Break = Pick<Violation, 'rule' | 'advice'>;

function checkImport({ path }: SourceFile, { specifier, line }: Import, owner: Package): Violation[] {
  const found = isRelative(specifier)
    ? checkRelative(path, specifier, owner)
    : specifier.startsWith(scope)
      ? checkWorkspace(specifier, owner)
      : checkOutside(path, specifier, owner);
  return found === undefined ? [] : [{ path, line, ...found }];
}

function checkRelative(path: string, specifier: string, owner: Package): Break | undefined {
  if (resolveRelative(path, specifier).startsWith(`${owner.folder}/src/`)) return undefined;
  return {
    rule: 'own-folder',
    advice: `"${specifier}" leaves ${owner.folder}/src/; import another package by its name, and tests never.`,
  };
}

function checkWorkspace(specifier: string, owner: Package): Break | undefined {
  const name = packageName(specifier);
  const allowed = arrows[owner.name] ?? [];
  if (!allowed.includes(name)) {
    const may = allowed.length === 0 ? 'no other package of Breakwater' : `only ${allowed.join(', ')}`;
    return {
      rule: 'arrow',
      advice: `${owner.name} may import ${may}, not ${name}; move what both need down into a package both may import.`,
    };
  }
  const isForTests = owner.name === '@breakwater/testing' && Object.hasOwn(entriesForTests, specifier);
  if (specifier !== name && !isForTests) {
    return { rule: 'public-entry', advice: `"${specifier}" is inside ${name}; import "${name}" or export it there.` };
  }
  return checkDeclared(specifier, owner);
}

function checkOutside(path: string, specifier: string, owner: Package): Break | undefined {
  const name = packageName(specifier);
  if (runsInBrowser.includes(owner.name) && (name === 'ws' || isBuiltin(specifier))) {
    return {
      rule: 'browser-safe',
      advice: `"${specifier}" does not exist in a browser, where ${owner.name} runs; use the platform's own or inject it.`,
    };
  }
  if (owner.name === '@breakwater/server' && name === 'ws' && !knowsWs.includes(path)) {
    return {
      rule: 'ws-in-session-and-server',
      advice: `only ${knowsWs.join(' and ')} know "ws"; give this file what it needs as an argument.`,
    };
  }
  if (owner.name === '@breakwater/server' && name === 'rxdb') {
    return { rule: 'no-rxdb-on-server', advice: 'the server works on rows and does not know RxDB; use the store.' };
  }
  return isBuiltin(specifier) ? undefined : checkDeclared(specifier, owner);
}

function checkDeclared(specifier: string, owner: Package): Break | undefined {
  const name = packageName(specifier);
  if (owner.declared.includes(name)) return undefined;
  return {
    rule: 'declared-dependency',
    advice: `"${name}" is not a dependency of ${owner.name}; add it to ${owner.folder}/package.json.`,
  };
}

function checkCycles(files: readonly SourceFile[], packages: readonly Package[]): Violation[] {
  const linesByEdge = new Map<string, number>();
  const targetsByPath = new Map<string, readonly string[]>();
  for (const { path, imports } of files) {
    const targets = imports.map(({ specifier, line }) => {
      const target = isRelative(specifier) ? resolveRelative(path, specifier) : entryOf(specifier, packages);
      linesByEdge.set(`${path} ${target}`, line);
      return target;
    });
    targetsByPath.set(path, targets);
  }
  return findCycles(targetsByPath).map((cycle) => {
    const [path = '', next = path] = cycle;
    return {
      path,
      line: linesByEdge.get(`${path} ${next}`) ?? 1,
      rule: 'no-cycle',
      advice: `${[...cycle, path].join(' → ')}; move what they share into a file that imports none of them.`,
    };
  });
}

function entryOf(specifier: string, packages: readonly Package[]): string {
  const found = packages.find(({ name }) => name === specifier);
  if (Object.hasOwn(entriesForTests, specifier)) return entriesForTests[specifier] ?? specifier;
  return found === undefined ? specifier : `${found.folder}/src/index.ts`;
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.');
}

function resolveRelative(path: string, specifier: string): string {
  return posix.normalize(`${posix.dirname(path)}/${specifier}`);
}

function packageName(specifier: string): string {
  const [first = '', second = ''] = specifier.split('/');
  return specifier.startsWith('@') ? `${first}/${second}` : first;
}
