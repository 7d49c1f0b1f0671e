import type { CollectionSchema, PropertySchema } from './schema.ts';

/** The longest text that RxDB puts into an index. */
const LONGEST_TEXT = 2048;

/** Why an index of the schema cannot work, in words that name the field and what to do; undefined: all can. */
export function findIndexFault(schema: CollectionSchema): string | undefined {
  for (const index of schema.indexes ?? []) {
    for (const field of typeof index === 'string' ? [index] : index) {
      const reason = whyNotIndexed(schema, field);
      if (reason !== undefined) return `the index ${nameIndex(index)} cannot work: '${field}' ${reason}`;
    }
  }
  return undefined;
}

/** Why a field cannot be part of an index, in words that follow its name; undefined: it can. */
export function whyNotIndexed(schema: CollectionSchema, field: string): string | undefined {
  // RxDB's own: `_deleted`, `_meta.lwt`.
  if (field.startsWith('_')) return undefined;
  const steps = stepsTo(schema, field);
  const property = steps.at(-1)?.property;
  if (property === undefined) return "is not among the schema's properties; add it there or correct the index";
  const optional = steps.find(({ isRequired }) => !isRequired);
  if (optional !== undefined) {
    // IndexedDB leaves it out, other storages sort it as if it were empty.
    return `is not required, and a query by this index could miss a document without it; add '${optional.name}' to \`required\`${optional.parent}`;
  }
  return whyNotType(property);
}

function whyNotType({ type, maxLength, minimum, maximum, multipleOf }: PropertySchema): string | undefined {
  switch (type) {
    case 'string':
      if (isPositive(maxLength) && maxLength <= LONGEST_TEXT) return undefined;
      return `is a text and needs a \`maxLength\` from 1 to ${LONGEST_TEXT}`;
    case 'number':
    case 'integer': {
      const missing = [
        ...(Number.isFinite(minimum) ? [] : ['minimum']),
        ...(Number.isFinite(maximum) ? [] : ['maximum']),
        ...(isPositive(multipleOf) ? [] : ['multipleOf']),
      ];
      return missing.length === 0 ? undefined : `is a number and needs ${listOf(missing)}`;
    }
    case 'boolean':
      return undefined;
    default:
      return `has the type ${JSON.stringify(type)}; an index takes texts, numbers and booleans`;
  }
}

interface Step {
  readonly name: string;
  /** Undefined: the schema does not have it. */
  readonly property: PropertySchema | undefined;
  readonly isRequired: boolean;
  /** Where its `required` is: '' at the top of the schema. */
  readonly parent: string;
}

function stepsTo(schema: CollectionSchema, field: string): Step[] {
  const steps: Step[] = [];
  let at: Pick<PropertySchema, 'properties' | 'required'> | undefined = schema;
  let path = '';
  for (const name of field.split('.')) {
    const property: PropertySchema | undefined = ownProperty(at?.properties, name);
    const isRequired = at?.required?.includes(name) === true || (path === '' && isKey(schema, name));
    steps.push({ name, property, isRequired, parent: path === '' ? '' : ` of '${path}'` });
    path = path === '' ? name : `${path}.${name}`;
    at = property;
  }
  return steps;
}

function ownProperty(properties: PropertySchema['properties'], name: string): PropertySchema | undefined {
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/** What makes the primary key is always there. */
function isKey({ primaryKey }: CollectionSchema, name: string): boolean {
  return typeof primaryKey === 'string'
    ? primaryKey === name
    : primaryKey.key === name || primaryKey.fields.includes(name);
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function nameIndex(index: string | readonly string[]): string {
  return typeof index === 'string' ? `'${index}'` : `[${index.map((field) => `'${field}'`).join(', ')}]`;
}

/** `a`, `a and b`, `a, b and c`, each in backticks. */
function listOf(words: readonly string[]): string {
  const quoted = words.map((word) => `\`${word}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}
