import type { Note } from './data/note.ts';

const numbers = new Intl.NumberFormat('en');
const compactNumbers = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const countries = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });
const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const calendarDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

export function formatNumber(value: number): string {
  return numbers.format(value);
}

/** `1 place`, `10,000 places`. */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `FR` → `France`; what is no country code stays as it is. */
export function countryName(code: string): string {
  return /^[a-z]{2}$/i.test(code) ? (countries.of(code.toUpperCase()) ?? code) : code;
}

/** `Marseille, France · 795K people`, without what the title says already. */
export function describePlace({ title, place, population }: Pick<Note, 'title' | 'place' | 'population'>): string {
  const where = [place.name === title ? '' : place.name, countryName(place.country)].filter(Boolean).join(', ');
  return [where, population === undefined ? '' : `${compactNumbers.format(population)} people`]
    .filter(Boolean)
    .join(' · ');
}

/** `812 KB`, `3.4 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** `12 ms`, `1.4 s`. */
export function formatDuration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** The time of day if it was today, else the day. */
export function formatWhen(at: number, now: number): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  return (isToday ? clockTime : calendarDay).format(at);
}

/** `4:07`, `12 s`: how long is left, never below zero. */
export function formatLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** As on a chart: `43° 17.8′ N, 5° 22.9′ E`. */
export function formatPosition(lat: number, lng: number): string {
  return `${formatAngle(lat, 'N', 'S')}, ${formatAngle(lng, 'E', 'W')}`;
}

function formatAngle(degrees: number, positive: string, negative: string): string {
  // Rounded first: 59.97 minutes must become the next degree, not 60.0 minutes.
  const tenths = Math.round(Math.abs(degrees) * 600);
  return `${Math.floor(tenths / 600)}° ${((tenths % 600) / 10).toFixed(1)}′ ${degrees < 0 ? negative : positive}`;
}
