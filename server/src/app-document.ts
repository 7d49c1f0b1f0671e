import {
  addRequiredFields,
  assembleFields,
  type DocumentPlan,
  type FieldPlan,
  isRichKind,
  type JsonObject,
  type Path,
  type RichKind,
  readCounter,
  readRich,
  requiredFields,
  type State,
  segmentsOf,
} from '@breakwater/crdt';

/**
 * A row as an app shows it: with its id, its text, lists and sets as plain values, its counters as their sums. Fields that
 * the definition does not declare are there too: they come from a newer version of the app, which shows them.
 *
 * What the schema requires and nobody wrote is filled in as the plan says.
 */
export function appDocument(plan: DocumentPlan, id: string, state: State): JsonObject {
  const fields = assembleFields(state, (path) => plan.leaves.has(path) || isUndeclared(plan, path));
  addRequiredFields(plan, fields);
  return { [plan.primaryKey]: id, ...fields, ...contentsOf(plan, state) };
}

/** The document with what an app shows where the schema requires a field that nobody wrote. */
export function complete(plan: DocumentPlan, document: JsonObject): JsonObject {
  const completed = { ...document };
  addRequiredFields(plan, completed);
  return completed;
}

/** The plan with nothing to fill in but required objects, which are there without anybody writing them. */
export function withoutFallbacks(plan: DocumentPlan): DocumentPlan {
  const fields = withoutFallbacksIn(plan.fields);
  return { ...plan, fields, required: requiredFields(fields) };
}

function withoutFallbacksIn(fields: ReadonlyMap<string, FieldPlan>): Map<string, FieldPlan> {
  return new Map(
    [...fields].map(([name, field]): [string, FieldPlan] => {
      if (field.kind === 'leaf') return [name, { kind: 'leaf', path: field.path }];
      return [name, { ...field, children: withoutFallbacksIn(field.children) }];
    }),
  );
}

/** Has the definition no place for this path, nor for anything that holds it or lies within it? */
function isUndeclared({ primaryKey, fields, kinds }: DocumentPlan, path: Path): boolean {
  const segments = segmentsOf(path);
  const top = segments[0] ?? '';
  if (top === primaryKey || kinds.has(top)) return false;
  let declared: ReadonlyMap<string, FieldPlan> = fields;
  for (const segment of segments) {
    const field = declared.get(segment);
    if (field === undefined) return true;
    if (field.kind === 'leaf') return false;
    declared = field.children;
  }
  return false;
}

/** What the fields show that are no registers. */
function contentsOf({ kinds }: DocumentPlan, state: State): JsonObject {
  const contents: JsonObject = {};
  const rich: [string, RichKind][] = [];
  for (const [field, kind] of kinds) {
    if (isRichKind(kind)) rich.push([field, kind]);
    else contents[field] = readCounter(state, field);
  }
  return rich.length === 0 ? contents : { ...contents, ...readRich(state.rich, rich) };
}
