import { Content, MAX_STRUCTS, type RichKind, type UpdateRules } from '@breakwater/crdt';
import type { Place } from './places.ts';

/** What a room's document may hold. */
export interface RoomContent {
  readonly rules: UpdateRules;
  /** Bytes of its Yjs state. */
  readonly maxBytes: number;
  /** Why content of this kind (see {@link Content}) may not be at this place, in words; undefined: it may. */
  faultOf(content: number, place: Place): string | undefined;
}

/** Structs of a free room's document: it is loaded as a whole, and sent as a whole to whoever comes. */
const MAX_FREE_STRUCTS = 50_000;

/** Types within types. */
const MAX_DEPTH = 64;

/** Maps, arrays, text with formats, types within them: whatever Yjs has, but for documents within the document. */
export function freeContent(maxBytes: number): RoomContent {
  return {
    rules: { maxStructs: MAX_FREE_STRUCTS, isWide: true },
    maxBytes,
    faultOf: (content, { depth }) =>
      content === Content.type && depth >= MAX_DEPTH ? `types lie deeper than ${MAX_DEPTH} levels` : undefined,
  };
}

/** What a row may hold. `fields` are its rich fields, if the server knows them. */
export function documentContent(maxBytes: number, fields: ReadonlyMap<string, RichKind> | undefined): RoomContent {
  return {
    rules: { maxStructs: MAX_STRUCTS, isWide: false },
    maxBytes,
    faultOf: (content, place) => (fields === undefined ? undefined : faultInField(fields, content, place)),
  };
}

function faultInField(
  fields: ReadonlyMap<string, RichKind>,
  content: number,
  { root, key }: Place,
): string | undefined {
  const kind = root === undefined ? undefined : fields.get(root);
  if (kind === undefined) return 'the collection has no rich field of this name';
  if ((kind === 'set') !== (key !== undefined)) return `a ${kind} is another type of Yjs`;
  const fitting = kind === 'text' ? Content.string : Content.any;
  return content === fitting || content === Content.deleted ? undefined : `a ${kind} has other content`;
}
