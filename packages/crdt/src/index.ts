export { canonicalJson } from './canonical-json.ts';
export { whyNotIndexed } from './check-indexes.ts';
export { type Clock, type ClockOptions, createClock } from './clock.ts';
export { counterPath, isCounterPath, readCounter } from './counter.ts';
export {
  type CollectionDefinition,
  type CollectionDefinitions,
  type Collections,
  DefinitionError,
  defineCollections,
} from './define-collections.ts';
export {
  addRequiredFields,
  assembleFields,
  type DocumentLeaves,
  isDeleted,
  type JsonObject,
  readDocument,
  readNewPaths,
  valueAt,
} from './document.ts';
export { type DocumentPlan, type FieldPlan, planDocument, requiredFields } from './field-plan.ts';

export { type Json, normalize, sameValue, ValueError } from './json.ts';
export { MalformedError } from './malformed.ts';
export { emptyContent, isRichKind, type MergeKind, type MergeKinds, type RichKind } from './merge-kind.ts';
export { MissingBaseError } from './missing-base.ts';
export {
  attachmentName,
  attachmentPath,
  DELETED,
  GENERATION,
  isOwnProperty,
  type Path,
  segmentsOf,
  toPath,
} from './path.ts';
export { editRich, type RichAuthor, type RichEdit, readRich } from './rich/edit-rich.ts';
export { rebaseContent } from './rich/rebase.ts';
export { combineRich, diffSince, vectorOf } from './rich/merge-rich.ts';
export { countStructs, hasGaps, loadDoc, type Rich, richFromText, richToText, sameBytes } from './rich/rich-doc.ts';
export {
  Content,
  MAX_CLIENT_ID,
  MAX_STRUCTS,
  type ScannedStruct,
  type StructId,
  scanUpdate,
  type UpdateRules,
  type UpdateVisitor,
} from './rich/scan.ts';
export type { CollectionSchema, DocumentOf, FromSchema, PropertySchema } from './schema.ts';
export { shrinkTombstone } from './shrink-tombstone.ts';
export { formatStamp, maxStamp, NO_STAMP, parseStamp, type Stamp, type StampParts } from './stamp.ts';
export {
  delta,
  EMPTY_STATE,
  merge,
  newestStamp,
  pick,
  type Register,
  type State,
  sameState,
  stampAt,
} from './state.ts';
export { sorted } from './sorted.ts';
export { decodeState, decodeStored, encodeStampedPaths, encodeState } from './state-codec.ts';
