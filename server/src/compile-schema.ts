import {
  type CollectionDefinition,
  DefinitionError,
  type DocumentPlan,
  type FieldPlan,
  type PropertySchema,
  toPath,
} from '@breakwater/crdt';
import { Ajv, type ValidateFunction } from 'ajv';
import { replaceUniqueItems } from './unique-items.ts';

/** A part of a schema that can be checked by itself. */
export interface SchemaPart {
  readonly fits: ValidateFunction;
  readonly required: ReadonlySet<string>;
  /** The fields of a declared object; undefined: the part is one value. */
  readonly fields: ReadonlyMap<string, SchemaPart> | undefined;
}

type Definition = CollectionDefinition & { readonly plan: DocumentPlan };
type Branch = Extract<FieldPlan, { kind: 'branch' }>;

/** Under this name a schema is known to its own Ajv. */
const SCHEMA = 'schema';

/**
 * The schema of a collection, in the parts in which its documents merge.
 *
 * @throws DefinitionError when it does not compile.
 */
export function compileSchema(name: string, { schema, plan }: Definition): SchemaPart {
  const branch = branchOf(plan);
  const loose = loosen(withoutOwnProperties(schema, branch), branch, encryptedPaths(schema));
  try {
    const ajv = createAjv();
    ajv.addSchema(loose, SCHEMA);
    return compilePart(ajv, `${SCHEMA}#`, loose, branch);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DefinitionError(`${name}: the schema cannot be compiled: ${reason}`);
  }
}

/** The document itself is a declared object, like those within it. */
function branchOf({ primaryKey, fields, kinds }: DocumentPlan): Branch {
  const others = [primaryKey, ...kinds.keys()].map((name): [string, FieldPlan] => {
    return [name, { kind: 'leaf', path: toPath([name]) }];
  });
  return { kind: 'branch', path: toPath([]), required: true, children: new Map([...fields, ...others]) };
}

/** RxDB adds `_deleted`, `_meta` and their like to what it requires; no document shows them here. */
function withoutOwnProperties(schema: PropertySchema, { children }: Branch): PropertySchema {
  return { ...schema, required: schema.required?.filter((name) => children.has(name)) ?? [] };
}

/** What the device's storage encrypts may arrive as the text that came of it. */
function encryptedPaths({ encrypted }: PropertySchema): ReadonlySet<string> {
  return new Set(Array.isArray(encrypted) ? encrypted.map(String) : []);
}

/** Keywords that speak of fields which the schema does not declare: a newer version of the app may write those. */
const OF_UNDECLARED_FIELDS = new Set([
  'additionalProperties',
  'patternProperties',
  'propertyNames',
  'maxProperties',
  'unevaluatedProperties',
]);

function loosen(schema: PropertySchema, { children }: Branch, encrypted: ReadonlySet<string>): PropertySchema {
  const kept = Object.entries(schema).filter(([keyword]) => !OF_UNDECLARED_FIELDS.has(keyword));
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const field = children.get(name);
    if (field === undefined || encrypted.has(field.path)) return [name, {}];
    return [name, field.kind === 'branch' ? loosen(property, field, encrypted) : property];
  });
  return Object.fromEntries([...kept, ['properties', Object.fromEntries(properties)]]);
}

function createAjv(): Ajv {
  const ajv = new Ajv({
    // Keywords that Ajv does not know are RxDB's.
    strict: false,
    logger: false,
    // Apps choose from many lists of formats; the server has none of them.
    validateFormats: false,
    // Names are data: `constructor` is there only if somebody wrote it.
    ownProperties: true,
    // In binary fractions 0.07 is no multiple of 0.01. Whose write was refused for that could do nothing about it.
    multipleOfPrecision: 6,
  });
  replaceUniqueItems(ajv);
  return ajv;
}

/** Parts are found by their address, so that references within the schema go on meaning the whole of it. */
function compilePart(ajv: Ajv, address: string, schema: PropertySchema, plan: FieldPlan): SchemaPart {
  const fits = ajv.getSchema(address);
  if (fits === undefined) throw new Error(`nothing is found at ${address}`);
  const required = new Set(schema.required ?? []);
  if (plan.kind === 'leaf') return { fits, required, fields: undefined };
  const fields = new Map<string, SchemaPart>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const field = plan.children.get(name);
    if (field !== undefined) {
      fields.set(name, compilePart(ajv, `${address}/properties/${toPointer(name)}`, property, field));
    }
  }
  return { fits, required, fields };
}

/** One step of a JSON pointer, as it stands in an address. */
function toPointer(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}
