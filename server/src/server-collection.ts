import { createClock, type DocumentPlan, decodeStored, isDeleted, type JsonObject, type State } from '@breakwater/crdt';
import type { RefusalCode } from '@breakwater/protocol';
import { isName } from './collection-names.ts';
import type { Definitions } from './definitions.ts';
import type { Hub } from './hub.ts';
import { shorten } from './inspect-push.ts';
import { MAX_NAME_BYTES } from './limits.ts';
import { ServerOptionsError } from './server-options-error.ts';
import type { RowKey, Store } from './store.ts';
import { type Writer, writeDocument } from './write-document.ts';

/**
 * A collection of one tenant, read and written by the server itself: everything, whatever its labels, and without asking
 * `authorize`. What it writes is merged, checked against the schema, committed and told to all who may read it, as a push is.
 */
export interface ServerCollection<D extends object = JsonObject> {
  /** Undefined: there is none, or it is deleted. @throws StorageError */
  get(id: string): D | undefined;
  /** Those of these ids that are there, in their order. @throws StorageError */
  find(ids: readonly string[]): D[];
  /** Answers the document as it is stored. @throws WriteRefusedError `exists` and others, ValueError, StorageError */
  insert(document: D): Promise<D>;
  /** Inserts it, or makes the one that is there show it; fields that the schema does not declare stay unless they are given. */
  upsert(document: D): Promise<D>;
  /** Replaces fields; undefined removes one. @throws WriteRefusedError `missing` and others, ValueError, StorageError */
  patch(id: string, fields: { readonly [F in keyof D]?: D[F] | undefined }): Promise<D>;
  /** False: it was not there. */
  remove(id: string): Promise<boolean>;
}

/** Thrown when the server's own write cannot be stored, and would not be if it were made again. */
export class WriteRefusedError extends Error {
  override readonly name = 'WriteRefusedError';
  /** `exists`: an insert of an id that is there. `missing`: a change of one that is not. Else as a push is refused. */
  readonly code: RefusalCode | 'exists' | 'missing';

  constructor(code: WriteRefusedError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface ServerCollectionsOptions {
  readonly store: Store;
  readonly hub: Pick<Hub, 'write'>;
  readonly definitions: Definitions;
  readonly now: () => number;
}

export type OpenCollection = (name: string, tenant: string) => ServerCollection;

/** Whoever opens collections writes in one name, for as long as the process lives. */
export function createServerCollections(options: ServerCollectionsOptions): OpenCollection {
  const { store, definitions, now } = options;
  const [clientId = 0] = crypto.getRandomValues(new Uint32Array(1));
  // Another epoch has forgotten what was counted before, and counts in registers of its own.
  const writer: Writer = { clock: createClock({ now }), clientId, replica: store.identity().epoch };

  return (name, tenant) => {
    const plan = definitions.planOf(name);
    if (plan !== undefined) return openCollection({ ...options, writer, plan, name, tenant });
    const advice = 'give createServer what defineCollections answers, as collections';
    throw new ServerOptionsError(`the server knows no definition of the collection '${shorten(name)}'; ${advice}`);
  };
}

interface CollectionOptions extends ServerCollectionsOptions {
  readonly writer: Writer;
  readonly plan: DocumentPlan;
  readonly name: string;
  readonly tenant: string;
}

function openCollection(options: CollectionOptions): ServerCollection {
  const { store, hub, definitions, writer, plan, name, tenant } = options;
  const { primaryKey } = plan;

  return {
    get: read,
    find: (ids) => ids.map(read).filter((document) => document !== undefined),
    insert: (document) =>
      write(document[primaryKey], (before) => {
        if (before === undefined) return document;
        throw new WriteRefusedError('exists', `'${document[primaryKey]}' of ${name} is there already`);
      }),
    upsert: (document) =>
      write(document[primaryKey], (before = {}) => ({ ...undeclaredIn(plan, before), ...document })),
    patch: (id, fields) =>
      write(id, (before) => {
        if (before === undefined) throw new WriteRefusedError('missing', `there is no '${id}' of ${name}`);
        return { ...before, ...(fields as JsonObject), [primaryKey]: id };
      }),
    async remove(id) {
      let wasThere = false;
      await commit(keyOf(id), (before) => {
        wasThere = before !== undefined;
        return undefined;
      });
      return wasThere;
    },
  };

  function keyOf(id: unknown): RowKey {
    if (typeof id === 'string' && isName(id)) return { collection: name, id };
    const rule = `a text of 1 to ${MAX_NAME_BYTES} bytes without U+0000`;
    throw new WriteRefusedError('malformed', `'${primaryKey}' of a document of ${name} is ${rule}`);
  }

  function read(id: string): JsonObject | undefined {
    const key = keyOf(id);
    const row = store.row(tenant, key);
    if (row === undefined || row.deleted) return undefined;
    return definitions.complete(key, definitions.documentOf(key, decodeStored(row.state)));
  }

  async function write(id: unknown, change: Change): Promise<JsonObject> {
    const key = keyOf(id);
    await commit(key, change);
    // Somebody else may have deleted it since.
    return read(key.id) ?? { [primaryKey]: key.id };
  }

  async function commit(key: RowKey, change: Change): Promise<void> {
    const result = await hub.write(tenant, key, (current) => stateAfter(key, current, change));
    if (result?.kind === 'refused') throw new WriteRefusedError(result.code, result.reason);
  }

  function stateAfter(key: RowKey, current: State | undefined, change: Change): State | undefined {
    const isThere = current !== undefined && !isDeleted(current);
    const before = isThere ? definitions.documentOf(key, current) : undefined;
    const after = change(before);
    if (after === undefined && !isThere) return undefined;
    return writeDocument({ plan, key, current, before: before ?? {}, after }, writer);
  }
}

/** A newer app may have written them: who does not know them cannot mean to remove them. */
function undeclaredIn({ fields, kinds }: DocumentPlan, document: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(document).filter(([field]) => !fields.has(field) && !kinds.has(field)));
}

/** Undefined, before: it is not there. Undefined, after: it is not to be there. May be asked again. */
type Change = (before: JsonObject | undefined) => JsonObject | undefined;
