/** The part of a JSON schema (as RxDB takes them) that Breakwater reads. Other keywords pass through untouched. */
export interface PropertySchema {
  readonly type?: string | readonly string[];
  readonly properties?: { readonly [name: string]: PropertySchema };
  readonly required?: readonly string[];
  readonly items?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly [keyword: string]: unknown;
}

export interface CollectionSchema {
  readonly version: number;
  readonly primaryKey:
    | string
    | { readonly key: string; readonly fields: readonly string[]; readonly separator: string };
  readonly type: 'object';
  readonly properties: { readonly [name: string]: PropertySchema };
  readonly required?: readonly string[];
  readonly indexes?: readonly (string | readonly string[])[];
  readonly attachments?: { readonly [option: string]: unknown };
  readonly [keyword: string]: unknown;
}

type Scalar<T> = T extends 'string'
  ? string
  : T extends 'number' | 'integer'
    ? number
    : T extends 'boolean'
      ? boolean
      : T extends 'null'
        ? null
        : never;

/** The TypeScript type of what a schema written `as const` (or inside defineCollections) admits. */
export type FromSchema<S> = S extends { readonly const: infer C }
  ? C
  : S extends { readonly enum: readonly (infer E)[] }
    ? E
    : S extends { readonly type: readonly (infer T)[] }
      ? FromSchema<Omit<S, 'type'> & { readonly type: T }>
      : S extends { readonly type: 'array' }
        ? S extends { readonly items: infer I }
          ? FromSchema<I>[]
          : unknown[]
        : S extends { readonly type: 'object' }
          ? S extends { readonly properties: infer P }
            ? FromProperties<P, S extends { readonly required: readonly (infer R)[] } ? R : never>
            : { [name: string]: unknown }
          : S extends { readonly type: infer T }
            ? Scalar<T>
            : unknown;

type FromProperties<P, Required> = Simplify<
  { -readonly [K in keyof P as K extends Required ? K : never]: FromSchema<P[K]> } & {
    -readonly [K in keyof P as K extends Required ? never : K]?: FromSchema<P[K]>;
  }
>;

type Simplify<T> = { [K in keyof T]: T[K] };

/** The document type of a collection's schema; its primary key is always there. */
export type DocumentOf<S extends CollectionSchema> = FromProperties<
  S['properties'],
  KeyOf<S['primaryKey']> | RequiredOf<S>
>;

type KeyOf<K> = K extends { readonly key: infer Key } ? Key : K;

type RequiredOf<S> = S extends { readonly required: readonly (infer R)[] } ? R : never;
