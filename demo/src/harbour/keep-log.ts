import type { Status } from '../data/database.ts';
import type { Authored } from '../data/note.ts';
import type { DevicePanel } from '../device/device-panel.ts';
import { FIELD_NAMES } from '../editor/authors.ts';
import { formatBytes, formatCount, formatLeft } from '../format.ts';
import type { Logbook, LogEntry } from './logbook.ts';

/** How soon it is written down, in milliseconds. */
const WRITE_MS = 250;

/** What follows within this time goes on in the same entry, in milliseconds. */
const TOGETHER_MS = 1500;

/** Writes down what becomes of a device's line, and what comes and goes on it. */
export function keepLog(device: DevicePanel, logbook: Logbook): void {
  const add = (text: string, tone?: 'strong') => logbook.add(device.name.toUpperCase(), text, tone);
  logStatus(device, add);
  logRows(device, add);
  logPhotos(device, add);
  device.apart$.subscribe(({ title, kept, came, contested }) => {
    const parts = [
      kept.length > 0 ? `kept its ${list(kept)}` : '',
      came.length > 0 ? `took the other’s ${list(came)}` : '',
      contested.length > 0 ? `both wrote ${list(contested)}, the later one stands` : '',
    ];
    add(`“${title}” written apart: ${parts.filter(Boolean).join('; ')}`, 'strong');
  });
}

type Add = (text: string, tone?: 'strong') => LogEntry;

function list(fields: readonly Authored[]): string {
  return fields.map((field) => FIELD_NAMES[field]).join(', ');
}

function logStatus({ sync, line }: DevicePanel, add: Add): void {
  let before: Status | undefined;
  sync.status$.subscribe((status) => {
    const { state } = status;
    if (state === 'halted') add(`breaker open, probe in ${formatLeft(status.probeAt - Date.now())}`, 'strong');
    else if (state === 'live' && before !== undefined) add('live');
    else if (state === 'offline' && before?.state === 'live') add('line lost');
    else if (state === 'offline' && status.attempt > 0) add(`attempt failed, ${status.attempt} in a row`);
    before = status;
  });
  let breaker = sync.breaker.state;
  sync.breaker$.subscribe(({ state }) => {
    if (state === 'half-open' && breaker !== state) add('breaker half-open, one probe');
    if (state === 'closed' && breaker !== state) add('breaker closed', 'strong');
    breaker = state;
  });
  let isFirst = true;
  line.weather$.subscribe((weather) => {
    if (!isFirst) add(`weather: ${weather}`);
    isFirst = false;
  });
}

function logRows({ notes, sync, writer }: DevicePanel, add: Add): void {
  const came = createTally(add, (rows) => `↓ ${formatCount(rows, 'row')}`);
  const went = createTally(add, (rows) => `↑ ${formatCount(rows, 'row')} stored`);
  notes.$.subscribe(({ documentData }) => {
    if (!writer.isOwn(documentData)) came(1);
  });
  let before = 0;
  sync.pending$.subscribe(({ rows }) => {
    if (rows < before) went(before - rows);
    before = rows;
  });
}

function createTally(add: Add, describe: (count: number) => string): (more: number) => void {
  let count = 0;
  let written = 0;
  let entry: LogEntry | undefined;
  let lastAt = 0;
  let isDue = false;

  function write(): void {
    isDue = false;
    const isAmended = entry?.amend(describe(count)) ?? false;
    // Something else came in between: what is in the entry before that stays there.
    if (!isAmended) {
      count -= written;
      entry = add(describe(count));
    }
    written = count;
  }

  return (more) => {
    const now = Date.now();
    if (now - lastAt > TOGETHER_MS) {
      count = 0;
      written = 0;
      entry = undefined;
    }
    lastAt = now;
    count += more;
    // Thousands come in one turn.
    if (!isDue) setTimeout(write, WRITE_MS);
    isDue = true;
  };
}

/** That it sets out, not that it arrives: one that is listed no more may have been given up. */
function logPhotos({ sync }: DevicePanel, add: Add): void {
  let before = new Set<string>();
  sync.transfers$.subscribe((transfers) => {
    const moving = transfers.filter(({ state, total }) => state === 'moving' && total >= LARGE);
    for (const { direction, digest, bytes, total } of moving) {
      if (before.has(`${direction} ${digest}`)) continue;
      const rest = bytes === 0 ? '' : `, from ${formatBytes(bytes)} on`;
      add(`${direction === 'up' ? '↑' : '↓'} photo of ${formatBytes(total)}${rest}`);
    }
    before = new Set(moving.map(({ direction, digest }) => `${direction} ${digest}`));
  });
}

/** A thumbnail is smaller, in bytes. */
const LARGE = 20_000;
