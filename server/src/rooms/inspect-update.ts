import {
  Content,
  MAX_STRUCTS,
  MalformedError,
  type ScannedStruct,
  type StructId,
  scanUpdate,
  type UpdateRules,
} from '@breakwater/crdt';
import * as Y from 'yjs';
import { createPlaces, NOWHERE } from './places.ts';
import type { RoomContent } from './room-content.ts';

/** What is to be done with an update from outside. */
export type Finding =
  /** Yjs may have it. */
  | {
      readonly kind: 'good';
      /** So many of its structs are new. */
      readonly structs: number;
      /** Has it structs, and are all of them new? */
      readonly isAllNew: boolean;
      /** The one client that it is of. */
      readonly author: number | undefined;
    }
  /** It builds on what is not there, or deletes it. */
  | { readonly kind: 'gap' }
  /** It brings new structs under the id of somebody else, who is there. */
  | { readonly kind: 'foreign'; readonly clientId: number };

export interface InspectOptions {
  readonly content: RoomContent;
  /** Is somebody else in the room under this id? */
  isForeign(clientId: number): boolean;
}

/**
 * Looks into an update before Yjs does, against the document that it is meant for. Yjs would keep what builds on nothing
 * for ever, apply the first half of what it trips over in the second, and believe whoever writes under another's id: that
 * one's next edits, which have the same clocks, would then be taken for old ones, and vanish without a word.
 *
 * Costs what the update costs, whatever the size of the document.
 *
 * @throws MalformedError when it is no update (of Yjs's format V1), or holds what has no place in the room.
 */
export function inspectUpdate(doc: Y.Doc, update: Uint8Array, { content, isForeign }: InspectOptions): Finding {
  const { blocks, deletions } = read(update, content.rules);
  const stateOf = (client: number) => Y.getState(doc.store, client);
  const foreign = foreignIn(doc, blocks, isForeign);
  if (foreign !== undefined) return { kind: 'foreign', clientId: foreign };
  const news = newStructs(blocks, stateOf);
  if (news === undefined) return { kind: 'gap' };
  const endOf = (client: number) => Math.max(stateOf(client), blocks.get(client)?.end ?? 0);
  const isThere = ({ client, clock }: StructId) => clock < endOf(client);
  if (!news.every((struct) => referencesOf(struct).every(isThere))) return { kind: 'gap' };
  if (!deletions.every(({ client, clock, length }) => clock + length <= endOf(client))) return { kind: 'gap' };
  checkPlaces(doc, news, blocks, content);
  const count = [...blocks.values()].reduce((sum, { structs }) => sum + structs.length, 0);
  const isAllNew = count > 0 && news.length === count && news.every(({ client, clock }) => clock >= stateOf(client));
  return { kind: 'good', structs: news.length, isAllNew, author: blocks.size === 1 ? news[0]?.client : undefined };
}

/** Does an update bring new structs under such an id? @throws MalformedError when it is none that a row may hold. */
export function bringsForeign(doc: Y.Doc, update: Uint8Array, isForeign: (clientId: number) => boolean): boolean {
  return foreignIn(doc, read(update, ROW_RULES).blocks, isForeign) !== undefined;
}

const ROW_RULES: UpdateRules = { maxStructs: MAX_STRUCTS, isWide: false };

function foreignIn(
  doc: Y.Doc,
  blocks: ReadonlyMap<number, Block>,
  isForeign: (clientId: number) => boolean,
): number | undefined {
  for (const [clientId, { end }] of blocks) {
    if (end > Y.getState(doc.store, clientId) && isForeign(clientId)) return clientId;
  }
  return undefined;
}

/** The structs of one client, without a gap. */
interface Block {
  readonly structs: ScannedStruct[];
  /** The first clock behind them. */
  end: number;
}

interface Deletion extends StructId {
  readonly length: number;
}

function read(update: Uint8Array, rules: UpdateRules): { blocks: Map<number, Block>; deletions: Deletion[] } {
  const blocks = new Map<number, Block>();
  const deletions: Deletion[] = [];
  const visitor = {
    struct(struct: ScannedStruct) {
      const block = blocks.get(struct.client) ?? { structs: [], end: 0 };
      blocks.set(struct.client, block);
      block.structs.push(struct);
      block.end = struct.clock + struct.length;
    },
    deletion: (client: number, clock: number, length: number) => deletions.push({ client, clock, length }),
  };
  try {
    scanUpdate(update, visitor, rules);
  } catch (error) {
    if (error instanceof MalformedError) throw error;
    throw new MalformedError(`an update does not decode: ${error instanceof Error ? error.message : error}`);
  }
  return { blocks, deletions };
}

/** What the document does not have; undefined: something before it is missing. */
function newStructs(
  blocks: ReadonlyMap<number, Block>,
  stateOf: (client: number) => number,
): ScannedStruct[] | undefined {
  const news: ScannedStruct[] = [];
  for (const [client, { structs }] of blocks) {
    const state = stateOf(client);
    if ((structs[0]?.clock ?? 0) > state) return undefined;
    for (const struct of structs) {
      if (struct.clock + struct.length <= state) continue;
      if (struct.content === Content.skip) return undefined;
      news.push(struct);
    }
  }
  return news;
}

function referencesOf({ client, clock, origin, rightOrigin, parent }: ScannedStruct): StructId[] {
  const found: StructId[] = [];
  for (const id of [origin, rightOrigin, typeof parent === 'object' ? parent : undefined]) {
    if (id === undefined) continue;
    if (id.client === client && id.clock >= clock) throw new MalformedError('a struct builds on a later one');
    found.push(id);
  }
  return found;
}

function checkPlaces(
  doc: Y.Doc,
  news: readonly ScannedStruct[],
  blocks: ReadonlyMap<number, Block>,
  content: RoomContent,
): void {
  const places = createPlaces(doc, (id) => {
    return id.clock < Y.getState(doc.store, id.client) ? undefined : findIn(blocks.get(id.client), id.clock);
  });
  for (const struct of news) {
    const place = places.of(struct);
    const fault = place === NOWHERE ? undefined : content.faultOf(struct.content, place);
    if (fault !== undefined) throw new MalformedError(fault);
  }
}

function findIn(block: Block | undefined, clock: number): ScannedStruct | undefined {
  const structs = block?.structs ?? [];
  let [low, high] = [0, structs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((structs[middle]?.clock ?? 0) <= clock) low = middle + 1;
    else high = middle;
  }
  return structs[low - 1];
}
