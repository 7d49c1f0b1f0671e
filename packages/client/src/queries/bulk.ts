import type { RxCollection, RxDocument, RxStorageWriteError } from 'rxdb';
import { describeError } from '../describe-error.ts';
import { type ChunkSizer, createChunkSizer } from './chunk-sizer.ts';
import { yieldToPage } from './yield-to-page.ts';

export interface BulkOptions {
  /** Ends it after the chunk that is being written; the report says how far it came. */
  readonly signal?: AbortSignal;
  /** Called after each chunk. */
  readonly onProgress?: (progress: BulkProgress) => void;
  /** How long one chunk should take, in milliseconds; the number of its rows follows. Default: 20. */
  readonly chunkMs?: number;
}

export interface BulkProgress {
  /** Rows that are dealt with, failed ones included. */
  readonly done: number;
  readonly failed: number;
  /** Rows in all; undefined if they are no array. */
  readonly total: number | undefined;
}

export interface BulkReport<Row> {
  /** Rows that were dealt with: all, unless it was cancelled. */
  readonly done: number;
  /** Rows that were written, or removed. */
  readonly stored: number;
  readonly failures: readonly BulkFailure<Row>[];
  readonly isCancelled: boolean;
}

export interface BulkFailure<Row> {
  readonly row: Row;
  /**
   * `exists`: there is a document with this id already, or an earlier row had it. `changed`: it was changed meanwhile.
   * `missing`: there is no such document. `invalid`: it does not fit the schema, or cannot be stored.
   */
  readonly code: 'exists' | 'changed' | 'missing' | 'invalid';
  /** In words, for people. */
  readonly reason: string;
}

/** Rows to write: all at hand, or coming one after the other, from a file or the network. */
export type BulkRows<Row> = Iterable<Row> | AsyncIterable<Row>;

/**
 * Inserts any number of documents in chunks that leave the page responsive. What fails is in the report and stops nothing
 * else.
 *
 * @throws RangeError when chunkMs is not positive; Error when the collection is closed before the end; whatever the rows
 * themselves throw, or the storage when it fails as a whole. What was written until then stays.
 * @example const report = await insertMany(db.notes, rows, { onProgress: ({ done, total }) => show(done, total) });
 */
export function insertMany<D>(
  collection: RxCollection<D>,
  rows: BulkRows<D>,
  options: BulkOptions = {},
): Promise<BulkReport<D>> {
  return writeMany(collection, rows, options, async (chunk) =>
    toOutcome(await collection.bulkInsert([...chunk]), 'exists'),
  );
}

/** As insertMany; documents that are there already are overwritten. */
export function upsertMany<D>(
  collection: RxCollection<D>,
  rows: BulkRows<D>,
  options: BulkOptions = {},
): Promise<BulkReport<D>> {
  return writeMany(collection, rows, options, async (chunk) => {
    const given = chunk as readonly Partial<D>[];
    return toOutcome(await collection.bulkUpsert([...given]), 'changed');
  });
}

/** As insertMany; removes the documents that have these ids. */
export function removeMany<D>(
  collection: RxCollection<D>,
  ids: BulkRows<string>,
  options: BulkOptions = {},
): Promise<BulkReport<string>> {
  return writeMany(collection, ids, options, async (chunk) => {
    const outcome = toOutcome(await collection.bulkRemove([...chunk]), 'changed');
    const missing = chunk.filter((id) => !outcome.stored.has(id) && !outcome.failuresById.has(id));
    const failure: Failure = { code: 'missing', reason: 'there is no document with this id' };
    return {
      ...outcome,
      failuresById: new Map([...outcome.failuresById, ...missing.map((id) => [id, failure] as const)]),
    };
  });
}

type Failure = Omit<BulkFailure<unknown>, 'row'>;

interface Outcome {
  readonly stored: ReadonlySet<string>;
  readonly failuresById: ReadonlyMap<string, Failure>;
}

async function writeMany<D, Row>(
  collection: RxCollection<D>,
  rows: BulkRows<Row>,
  { signal, onProgress, chunkMs = 20 }: BulkOptions,
  write: (chunk: readonly Row[]) => Promise<Outcome>,
): Promise<BulkReport<Row>> {
  if (!(chunkMs > 0)) throw new RangeError(`chunkMs must be a positive number of milliseconds, not ${chunkMs}`);
  const total = Array.isArray(rows) ? rows.length : undefined;
  const failures: BulkFailure<Row>[] = [];
  const sizer = createChunkSizer(chunkMs);
  let [done, stored] = [0, 0];
  const idOf = (row: Row) =>
    String(typeof row === 'string' ? row : collection.schema.getPrimaryOfDocumentData(row as never));

  async function writeChunk(chunk: readonly Row[]): Promise<void> {
    const { failuresById } = await write(chunk);
    const failed = chunk.flatMap((row) => {
      const failure = failuresById.get(idOf(row));
      return failure === undefined ? [] : [{ row, ...failure }];
    });
    failures.push(...failed);
    stored += chunk.length - failed.length;
  }

  /** Something in the chunk is so wrong that RxDB took none of it: each row by itself tells which. */
  async function writeEach(chunk: readonly Row[]): Promise<void> {
    for (const row of chunk) {
      try {
        await writeChunk([row]);
      } catch (error) {
        requireOpen(collection, done);
        failures.push({ row, code: 'invalid', reason: describeError(error) });
      }
    }
  }

  const chunks = inChunks(rows, sizer);
  for (;;) {
    if (signal?.aborted) break;
    const { value: chunk, done: isEnd } = await chunks.next();
    if (isEnd) break;
    requireOpen(collection, done);
    const start = performance.now();
    await writeChunk(chunk).catch(() => writeEach(chunk));
    sizer.add(chunk.length, performance.now() - start);
    done += chunk.length;
    onProgress?.({ done, failed: failures.length, total });
    await yieldToPage();
  }
  await chunks.return(undefined);
  return { done, stored, failures, isCancelled: signal?.aborted === true && done !== total };
}

async function* inChunks<Row>(rows: BulkRows<Row>, sizer: ChunkSizer): AsyncGenerator<readonly Row[]> {
  let chunk: Row[] = [];
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length < sizer.size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

interface BulkResult<D> {
  readonly success: readonly RxDocument<D>[];
  readonly error: readonly RxStorageWriteError<D>[];
}

function toOutcome<D>({ success, error }: BulkResult<D>, conflict: 'exists' | 'changed'): Outcome {
  return {
    stored: new Set(success.map(({ primary }) => primary)),
    failuresById: new Map(error.map((failed) => [failed.documentId, toFailure(failed, conflict)])),
  };
}

function toFailure<D>(error: RxStorageWriteError<D>, conflict: 'exists' | 'changed'): Failure {
  switch (error.status) {
    case 409:
      return conflict === 'exists'
        ? { code: 'exists', reason: 'there is a document with this id already' }
        : { code: 'changed', reason: 'the document was changed meanwhile' };
    case 422:
      return { code: 'invalid', reason: error.validationErrors.map(describeFault).join('; ') };
    default:
      return { code: 'invalid', reason: `the storage answered ${error.status}` };
  }
}

/** As validators say it: where, and what. */
function describeFault({ instancePath, message }: { readonly [name: string]: unknown }): string {
  const where = String(instancePath ?? '')
    .replace(/^\//, '')
    .replaceAll('/', '.');
  return `${where} ${String(message)}`.trim();
}

function requireOpen({ closed, name }: { readonly closed: boolean; readonly name: string }, done: number): void {
  if (closed) throw new Error(`the collection ${name} was closed after ${done} rows; those are stored`);
}
