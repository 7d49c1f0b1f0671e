import type { PublicName } from './read-entry.ts';

export interface PublicPackage {
  readonly name: string;
  readonly about: string;
  readonly names: readonly PublicName[];
}

/** The reference as Markdown. */
export function renderApi(packages: readonly PublicPackage[]): string {
  const anchors = anchorsOf(packages);
  return `${[HEAD, ...packages.flatMap((each) => renderPackage(each, anchors))].join('\n\n')}\n`;
}

const HEAD = `# Reference

What the packages export, as their types and docstrings say it. This page is made from them by \`npm run api\`; the
guides are better to begin with.`;

type Anchors = ReadonlyMap<PublicName, string>;

/** As GitHub names headings: in lower case, and numbered from the second one on. */
function anchorsOf(packages: readonly PublicPackage[]): Anchors {
  const seen = new Map<string, number>();
  const anchors = new Map<PublicName, string>();
  for (const each of packages.flatMap(({ names }) => names)) {
    const text = each.name.toLowerCase();
    const before = seen.get(text) ?? 0;
    seen.set(text, before + 1);
    anchors.set(each, before === 0 ? text : `${text}-${before}`);
  }
  return anchors;
}

function renderPackage({ name, about, names }: PublicPackage, anchors: Anchors): string[] {
  const link = (each: PublicName) => `[${each.name}](#${anchors.get(each)})`;
  const list = (title: string, some: readonly PublicName[]) =>
    some.length === 0 ? [] : [`${title}: ${some.map(link).join(' · ')}`];
  const isType = ({ code }: PublicName) => /^(type|interface) /.test(code);
  const [values, types] = [names.filter((each) => !isType(each)), names.filter(isType)];
  return [`## ${name}`, about, ...list('Values', values), ...list('Types', types), ...names.map(renderName)];
}

function renderName({ name, doc, code }: PublicName): string {
  const prose = renderDoc(doc);
  return [`### ${name}`, ...(prose === '' ? [] : [prose]), `\`\`\`ts\n${withoutLinks(code)}\n\`\`\``].join('\n\n');
}

/** A docstring as prose: its tags are sentences. */
export function renderDoc(doc: string): string {
  return withoutLinks(doc)
    .replaceAll(/\n?^@param (\w+) (.)/gm, (_, name: string, first: string) => `\n\`${name}\`: ${first}`)
    .replaceAll(/\n?@throws (\w+)/g, '\n\nThrows `$1`')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

function withoutLinks(text: string): string {
  return text.replaceAll(/\{@link (\w+)\}/g, '`$1`');
}
