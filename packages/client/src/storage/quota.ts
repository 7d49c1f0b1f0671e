/** Names that platforms give the error; the second is Firefox's of old. */
const NAMES = new Set(['QuotaExceededError', 'NS_ERROR_DOM_QUOTA_REACHED']);

/** Properties under which Dexie, RxDB and the language keep what was behind an error. */
const WITHIN = ['inner', 'cause', 'error', 'failures', 'parameters', 'errors'];

/** Errors within errors are followed this deep. */
const MAX_DEPTH = 6;

/** Did a storage fail because the device has no room left, however deep the error says so? */
export function isStorageFull(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > MAX_DEPTH) return false;
  if (Array.isArray(error)) return error.some((each) => isStorageFull(each, depth + 1));
  const fields = error as { readonly [field: string]: unknown };
  if (NAMES.has(String(fields.name))) return true;
  return WITHIN.some((field) => isStorageFull(fields[field], depth + 1));
}
