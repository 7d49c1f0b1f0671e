import { decodeStored } from '@breakwater/crdt';
import type { Definitions } from './definitions.ts';
import { labelsText } from './labels.ts';
import type { RowLabels } from './row-labels.ts';
import type { Decide, RowKey, RowPlace, RowWrite, Store, StoredRow } from './store.ts';

/** Rows of one commit: nobody waits long for it. */
const STEP_ROWS = 100;

export interface RelabelOptions {
  readonly store: Pick<Store, 'places'>;
  readonly relabel: (tenant: string, keys: readonly RowKey[]) => Promise<number>;
}

/** Walks through all rows in small steps. Answers how many have other labels than before. */
export async function relabelAll({ store, relabel }: RelabelOptions): Promise<number> {
  let count = 0;
  for (let after: RowPlace | undefined; ; ) {
    const places = store.places({ after, maxRows: STEP_ROWS });
    after = places.at(-1);
    if (after === undefined) return count;
    for (const [tenant, keys] of Map.groupBy(places, (place) => place.tenant)) count += await relabel(tenant, keys);
  }
}

export interface DecideLabelsOptions {
  readonly definitions: Pick<Definitions, 'documentOf' | 'complete'>;
  readonly labels: Pick<RowLabels, 'of'>;
}

/** The writes that give rows the labels that they should have. One of which the hook cannot tell keeps its own. */
export function decideLabels(keys: readonly RowKey[], options: DecideLabelsOptions): Decide<object> {
  return (stored) => ({
    writes: keys.flatMap((key, i) => {
      const row = stored[i];
      return row === undefined || row.deleted ? [] : relabelled(key, row, options);
    }),
    result: {},
  });
}

function relabelled(
  key: RowKey,
  { state, labels }: StoredRow,
  { definitions, ...options }: DecideLabelsOptions,
): RowWrite[] {
  const document = definitions.complete(key, definitions.documentOf(key, decodeStored(state)));
  const answer = options.labels.of(key, document);
  if (answer.kind === 'refused' || labelsText(answer.labels) === labelsText(labels)) return [];
  return [{ ...key, deleted: false, doc: JSON.stringify(document), state, labels: answer.labels }];
}
