import { compressToEncodedURIComponent, decompressFromEncodedURIComponent } from 'lz-string';

/** What a link carries of a place: everything that can be read without a connection. */
export interface SharedPlace {
  readonly title: string;
  readonly body: string;
  readonly tags: readonly string[];
  readonly place: { readonly name: string; readonly country: string };
  readonly lat?: number;
  readonly lng?: number;
}

/** A link that cannot be read: what is wrong with it, for people. */
export class ShareLinkError extends Error {}

/** Before the snapshot: another version is another form. */
const VERSION = '1.';

/** Longest snapshot that is read, in characters: a text of some hundred thousand letters. */
const MAX_LENGTH = 400_000;

/** The place as text that is safe in an address. */
export function encodePlace({ title, body, tags, place, lat, lng }: SharedPlace): string {
  return (
    VERSION + compressToEncodedURIComponent(JSON.stringify([title, body, tags, place.name, place.country, lat, lng]))
  );
}

/** @throws ShareLinkError when the text was cut short, is of another version, or is none of ours. */
export function decodePlace(text: string): SharedPlace {
  if (!text.startsWith(VERSION)) throw new ShareLinkError('It was made by another version of this page.');
  if (text.length > MAX_LENGTH) throw new ShareLinkError('It is far too long for one place.');
  return toPlace(parse(text.slice(VERSION.length)));
}

function parse(snapshot: string): unknown {
  try {
    return JSON.parse(decompressFromEncodedURIComponent(snapshot) || '');
  } catch {
    throw new ShareLinkError('A part of it is missing, or was changed on the way. Ask for it once more.');
  }
}

function toPlace(values: unknown): SharedPlace {
  const [title, body, tags, name, country, lat, lng]: unknown[] = Array.isArray(values) ? values : [];
  const isWhole =
    isText(title) && isText(body) && isText(name) && isText(country) && Array.isArray(tags) && tags.every(isText);
  if (!isWhole) throw new ShareLinkError('There is no place in it.');
  const isOnChart = isBetween(lat, -90, 90) && isBetween(lng, -180, 180);
  return { title, body, tags, place: { name, country }, ...(isOnChart ? { lat, lng } : {}) };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isBetween(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && least <= value && value <= most;
}
