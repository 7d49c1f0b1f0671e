import { type Json, type JsonObject, type Path, segmentsOf } from '@breakwater/crdt';

/** Copies each object on the way: those of a document of RxDB are frozen. */
export function setAt(target: JsonObject, path: Path, value: Json | undefined): void {
  const segments = segmentsOf(path);
  const name = segments.pop() ?? '';
  let object = target;
  for (const segment of segments) {
    const child = Object.hasOwn(object, segment) ? object[segment] : undefined;
    const copy: JsonObject = typeof child === 'object' && child !== null && !Array.isArray(child) ? { ...child } : {};
    object[segment] = copy;
    object = copy;
  }
  if (value === undefined) delete object[name];
  else object[name] = value;
}
