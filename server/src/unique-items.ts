import { canonicalJson, type Json } from '@breakwater/crdt';
import type { Ajv } from 'ajv';

/**
 * The keyword `uniqueItems` in time that grows with the array. Ajv compares each item with each other one, unless they are
 * plain texts or numbers: a row within the size limit would keep the server busy for minutes.
 */
export function replaceUniqueItems(ajv: Ajv): void {
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (isAsked: boolean, items: readonly Json[]) => !isAsked || areUnique(items),
    error: { message: 'must not have an item twice' },
  });
}

function areUnique(items: readonly Json[]): boolean {
  return new Set(items.map(canonicalJson)).size === items.length;
}
