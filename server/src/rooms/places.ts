import { Content, MalformedError, type ScannedStruct, type StructId } from '@breakwater/crdt';
import * as Y from 'yjs';

/** Where a struct lies in a document. */
export interface Place {
  /** The type that it is part of: one of the document, one that the update brings, or the name of a root type to be made. */
  readonly parent: object | string;
  /** The name of the root type; undefined when the parent is none. */
  readonly root: string | undefined;
  /** In a map, or of an attribute. */
  readonly key: string | undefined;
  /** Types around it, beyond the root type. */
  readonly depth: number;
}

/** The place of what is within something that is gone: nobody will ever see it. */
export const NOWHERE = Symbol('nowhere');

export type MaybePlace = Place | typeof NOWHERE;

/** Where the structs of an update come to lie. */
export interface Places {
  /** @throws MalformedError when what it names lies somewhere else, or is no type. */
  of(struct: ScannedStruct): MaybePlace;
}

/**
 * Yjs takes the place of a struct from its neighbours and does not compare them: a struct between one of a text and one of
 * another would be counted in the one and stand in the other, and every editor of it counts wrong from then on.
 *
 * Everything that the structs name must be in the document or in the update, see `find`.
 */
export function createPlaces(doc: Y.Doc, find: (id: StructId) => ScannedStruct | undefined): Places {
  const known = new Map<ScannedStruct, MaybePlace>();
  return { of };

  function of(struct: ScannedStruct): MaybePlace {
    // A long text is a chain of structs each of which names the one before: too long a way for recursion.
    const chain: ScannedStruct[] = [];
    const seen = new Set<ScannedStruct>();
    for (let next: ScannedStruct | undefined = struct; next !== undefined && !known.has(next); next = leadOf(next)) {
      if (seen.has(next)) throw new MalformedError('structs of an update build on each other in a circle');
      seen.add(next);
      chain.push(next);
    }
    for (const each of chain.reverse()) known.set(each, placeOf(each));
    return known.get(struct) ?? NOWHERE;
  }

  /** The struct of the update that has to be placed first. */
  function leadOf({ origin, rightOrigin, parent }: ScannedStruct): ScannedStruct | undefined {
    const lead = origin ?? rightOrigin ?? (typeof parent === 'object' ? parent : undefined);
    return lead && find(lead);
  }

  function placeOf(struct: ScannedStruct): MaybePlace {
    const { client, clock, content } = struct;
    if (content === Content.collected) return NOWHERE;
    const place = claimedPlace(struct);
    // The document has its beginning already, and Yjs puts the rest behind that.
    const isBegun = clock < Y.getState(doc.store, client);
    const beginning = isBegun ? placeAt({ client, clock: Y.getState(doc.store, client) - 1 }) : NOWHERE;
    if (beginning === NOWHERE || place === NOWHERE) return place;
    if (!isSame(beginning, place)) throw new MalformedError('a struct goes on in another place than it began');
    return beginning;
  }

  function claimedPlace({ origin, rightOrigin, parent, key }: ScannedStruct): MaybePlace {
    if (typeof parent === 'string') return { parent: doc.share.get(parent) ?? parent, root: parent, key, depth: 0 };
    if (parent !== undefined) return placeWithin(parent, key);
    const left = origin && placeAt(origin);
    const right = rightOrigin && placeAt(rightOrigin);
    if (left === NOWHERE || right === NOWHERE) return NOWHERE;
    if (left !== undefined && right !== undefined && !isSame(left, right)) {
      throw new MalformedError('a struct lies between two that are in different places');
    }
    return left ?? right ?? NOWHERE;
  }

  function placeAt(id: StructId): MaybePlace {
    const incoming = find(id);
    if (incoming !== undefined) return known.get(incoming) ?? of(incoming);
    const item = Y.getItem(doc.store, Y.createID(id.client, id.clock));
    return item instanceof Y.Item ? placeOfItem(item) : NOWHERE;
  }

  function placeOfItem({ parent, parentSub }: Y.Item): MaybePlace {
    if (!(parent instanceof Y.AbstractType)) return NOWHERE;
    const isRoot = parent._item === null;
    const root = isRoot ? nameOf(parent) : undefined;
    return { parent, root, key: parentSub ?? undefined, depth: isRoot ? 0 : depthOf(parent) };
  }

  function placeWithin(id: StructId, key: string | undefined): MaybePlace {
    const incoming = find(id);
    if (incoming !== undefined) {
      if (incoming.content === Content.deleted) return NOWHERE;
      if (incoming.content !== Content.type) throw new MalformedError('a struct lies within one that is no type');
      const outer = known.get(incoming) ?? of(incoming);
      return outer === NOWHERE ? NOWHERE : { parent: incoming, root: undefined, key, depth: outer.depth + 1 };
    }
    const item = Y.getItem(doc.store, Y.createID(id.client, id.clock));
    if (!(item instanceof Y.Item) || item.content instanceof Y.ContentDeleted) return NOWHERE;
    if (!(item.content instanceof Y.ContentType)) throw new MalformedError('a struct lies within one that is no type');
    return { parent: item.content.type, root: undefined, key, depth: depthOf(item.content.type) };
  }

  function nameOf(type: object): string | undefined {
    for (const [name, root] of doc.share) if (root === type) return name;
    return undefined;
  }
}

function isSame(a: Place, b: Place): boolean {
  return a.parent === b.parent && a.key === b.key;
}

/** How many types lie around what is in this one, beyond the root type. */
function depthOf(type: Y.AbstractType<unknown>): number {
  let depth = 0;
  for (let item = type._item; item !== null; depth++) {
    item = item.parent instanceof Y.AbstractType ? item.parent._item : null;
  }
  return depth;
}
