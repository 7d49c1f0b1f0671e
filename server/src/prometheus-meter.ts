import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Meter, Wire } from './meter.ts';

/** A meter that Prometheus can read. */
export interface PrometheusMeter extends Meter {
  readonly contentType: string;
  text(): Promise<string>;
  close(): void;
}

export interface Gauges {
  /** Sessions and sockets of rooms. */
  sessions(): number;
  /** Rooms that are loaded. */
  rooms(): number;
  /** Does the store take writes? */
  isWritable(): boolean;
}

/** In seconds: from an fsync of a fast disk to one that everybody waits for. */
const COMMIT_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** How often the event loop is looked at, in milliseconds. Measured delays have it in them. */
const LAG_RESOLUTION_MS = 20;

const LAG_PERCENTILES = [50, 99, 100];

/** On a registry of its own: what else a program counts is its own affair, and two servers do not meet. */
export function createPrometheusMeter(gauges: Gauges): PrometheusMeter {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `breakwater_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });

  gauge('breakwater_sessions', 'Sessions and sockets of rooms that are open.', gauges.sessions);
  gauge('breakwater_rooms', 'Rooms that are open.', gauges.rooms);
  gauge('breakwater_store_writable', '1 while the store takes writes, 0 from a failed commit on.', () =>
    gauges.isWritable() ? 1 : 0,
  );
  gauge('process_resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss());
  const rowsIn = counter('rows_in_total', 'Rows of pushes.');
  const rowsOut = counter('rows_out_total', 'Rows of pages and news, one for each session that is sent them.');
  const rowsRefused = counter('rows_refused_total', 'Rows of pushes that were refused.', ['code']);
  const pushesRefused = counter('pushes_refused_total', 'Whole pushes that were answered by an error.', ['code']);
  const blobPieces = counter('blob_pieces_total', 'Pieces of blobs that came or were asked for.', ['direction']);
  const offences = counter('offences_total', 'Clients that were turned away, by what for.', ['offence']);
  const commits = new Histogram({
    name: 'breakwater_commit_seconds',
    help: 'From giving a push to the store until it is durable.',
    buckets: COMMIT_BUCKETS_S,
    registers,
  });
  const connected = countBytes(registry);
  const stopLag = measureLag(registry);

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    close: stopLag,
    rowsIn: (count) => rowsIn.inc(count),
    rowsOut: (count) => rowsOut.inc(count),
    rowRefused: (code) => rowsRefused.inc({ code }),
    pushRefused: (code) => pushesRefused.inc({ code }),
    commitStarted() {
      const startMs = performance.now();
      return () => commits.observe((performance.now() - startMs) / 1000);
    },
    blobPiece: (direction) => blobPieces.inc({ direction }),
    offended: (offence) => offences.inc({ offence }),
    connected,
  };
}

/** The operating system's sockets count anyway: they are asked when somebody wants to know, and when they close. */
function countBytes(registry: Registry): (wire: Wire) => void {
  const open = new Set<Wire>();
  const closed = { bytesRead: 0, bytesWritten: 0 };
  const total = (name: string, help: string, of: keyof typeof closed) =>
    new Counter({
      name: `breakwater_${name}`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc([...open].reduce((sum, wire) => sum + wire[of], closed[of]));
      },
    });
  total('bytes_in_total', 'Bytes that came over websockets, their handshakes included.', 'bytesRead');
  total('bytes_out_total', 'Bytes that left over websockets, their handshakes included.', 'bytesWritten');

  return (wire) => {
    open.add(wire);
    wire.once('close', () => {
      open.delete(wire);
      closed.bytesRead += wire.bytesRead;
      closed.bytesWritten += wire.bytesWritten;
    });
  };
}

function measureLag(registry: Registry): () => void {
  const delays = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  delays.enable();
  new Gauge({
    name: 'breakwater_event_loop_lag_seconds',
    help: 'How late the event loop came to its timers since this was last read.',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      for (const percentile of LAG_PERCENTILES) {
        const lagMs = delays.percentile(percentile) / 1e6 - LAG_RESOLUTION_MS;
        this.set({ quantile: String(percentile / 100) }, Math.max(0, lagMs) / 1000);
      }
      delays.reset();
    },
  });
  return () => delays.disable();
}
