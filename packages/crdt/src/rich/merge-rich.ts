import * as Y from 'yjs';
import { MalformedError } from '../malformed.ts';
import { MissingBaseError } from '../missing-base.ts';
import { compareBytes, encodeDoc, hasGaps, loadDoc, type Rich, sameBytes } from './rich-doc.ts';
import { scanUpdate } from './scan.ts';

/** The Yjs state of a whole state; of a delta (`partial`) maybe a diff that cannot stand alone. */
export interface RichPart {
  readonly rich?: Rich | undefined;
  readonly partial: boolean;
}

/**
 * Both as one.
 *
 * @throws MissingBaseError when a diff builds on what neither of them has; MalformedError when they contradict each
 * other in a way that no honest writers bring about.
 */
export function mergeRich(a: RichPart, b: RichPart): Rich | undefined {
  if (a.rich === undefined) return completed(b, a.partial);
  if (b.rich === undefined) return completed(a, b.partial);
  if (sameBytes(a.rich, b.rich)) return a.partial === b.partial ? a.rich : completed(a, false);
  // The order matters only where somebody used an id twice; then it must be the same order everywhere.
  return combineRich(compareBytes(a.rich, b.rich) < 0 ? [a.rich, b.rich] : [b.rich, a.rich]);
}

/** A lone part. On top of a whole state that has nothing, a diff must be able to stand alone. */
function completed({ rich, partial }: RichPart, otherPartial: boolean): Rich | undefined {
  return rich === undefined || !partial || otherPartial ? rich : combineRich([rich]);
}

/**
 * The canonical Yjs state of everything that the updates hold together; undefined: nothing.
 *
 * @throws MissingBaseError when one of them builds on what none has; MalformedError when it is not what a row may hold.
 */
export function combineRich(updates: readonly Uint8Array[]): Rich | undefined {
  const doc = load(updates);
  if (hasGaps(doc)) throw new MissingBaseError('a Yjs diff cannot be merged; the whole state is needed');
  const rich = encodeDoc(doc);
  // What is stored must decode again, whatever was sent.
  if (rich !== undefined) checkRich(rich, false);
  return rich;
}

/** What `rich` has that `since` lacks; undefined: nothing. */
export function diffRich(rich: Rich | undefined, since: Rich | undefined): Rich | undefined {
  if (rich === undefined || since === undefined) return rich;
  const merged = mergeRich({ rich, partial: false }, { rich: since, partial: false });
  return sameBytes(merged, since) ? undefined : diffSince(rich, vectorOf(since));
}

/** What `rich` has beyond a state vector, and all of its deletions. Takes a vector from a later state too. */
export function diffSince(rich: Rich, vector: Uint8Array): Rich | undefined {
  const diff = Y.encodeStateAsUpdate(load([rich]), vector);
  return isEmpty(diff) ? undefined : diff;
}

/** How much of each writer a state has, for {@link diffSince}. */
export function vectorOf(rich: Rich): Uint8Array {
  return Y.encodeStateVectorFromUpdate(rich);
}

/** No structs, no deletions. */
function isEmpty(update: Uint8Array): boolean {
  return update.length === 2;
}

/**
 * Checks bytes from outside. Those of a whole state must be complete and canonical; a diff cannot be judged before it is
 * merged with what it belongs to.
 *
 * @throws MalformedError
 */
export function checkRich(bytes: Uint8Array, partial: boolean): void {
  scanUpdate(bytes);
  if (isEmpty(bytes)) throw new MalformedError('an empty Yjs state is left out');
  // Loaded also if it is a diff: whatever Yjs trips over must show now.
  const doc = load([bytes]);
  if (partial) return;
  if (hasGaps(doc)) throw new MalformedError('a Yjs state lacks structs that others of it build on');
  if (!sameBytes(encodeDoc(doc), bytes)) throw new MalformedError('a Yjs state is not in its canonical form');
}

function load(updates: readonly Uint8Array[]): Y.Doc {
  try {
    return loadDoc(updates);
  } catch (error) {
    throw new MalformedError(`Yjs cannot load a state: ${error instanceof Error ? error.message : error}`);
  }
}
