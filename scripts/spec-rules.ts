/** A rule's id: letters that name the topic, then a number. */
const TITLE_RULE = /\[([A-Z]{2,3}\d+)\]/g;
/** As an item of a list or a row of a table. */
const SPEC_RULE = /^[-|] \*\*([A-Z]{2,3}\d+)\*\*/gm;

export interface SpecFault {
  readonly rule: string;
  readonly message: string;
}

/** The rules that tests cite and the rules that the specification states must be the same ones. */
export function compareRules(spec: string, tests: ReadonlyMap<string, string>): SpecFault[] {
  const stated = [...spec.matchAll(SPEC_RULE)].map(([, rule = '']) => rule);
  const faults: SpecFault[] = [];
  const seen = new Set<string>();
  for (const rule of stated) {
    if (seen.has(rule))
      faults.push({ rule, message: 'is stated twice in docs/SPEC.md; give one of them another number' });
    seen.add(rule);
  }
  const cited = new Set<string>();
  for (const [file, source] of tests) {
    for (const [, rule = ''] of source.matchAll(TITLE_RULE)) {
      cited.add(rule);
      if (!seen.has(rule)) faults.push({ rule, message: `is cited in ${file}, but docs/SPEC.md does not state it` });
    }
  }
  for (const rule of seen) {
    if (!cited.has(rule)) faults.push({ rule, message: 'is stated in docs/SPEC.md, but no test cites it' });
  }
  return faults;
}
