import { createManualScheduler } from '../manual-scheduler.ts';
import { createRandom, type Random } from '../random.ts';
import { createEavesdropper, type Eavesdropper } from './acknowledged.ts';
import { createDevice, type Device } from './device.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createLink, type Link } from './link.ts';
import type { Seams } from './seams.ts';
import { createModelServer, type ModelServer } from './server.ts';
import { createTrace, type Trace } from './trace.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly replicas: number;
  readonly seams?: Seams;
}

/** Everything there is. Nothing happens in it but what is called here; the same calls make the same trace. */
export interface SimulatedWorld {
  readonly random: Random;
  readonly devices: readonly Device[];
  readonly server: ModelServer;
  readonly trace: Trace;
  readonly faults: readonly string[];
  /** What users wrote onto a disk. */
  readonly written: Ledger;
  readonly acknowledged: Ledger;
  readonly overheard: Eavesdropper;
  /** Writes of users that reached a disk. */
  readonly operations: number;
  connect(device: Device): void;
  deliverUp(link: Link): void;
  deliverDown(link: Link): void;
  cut(device: Device): void;
  /** The ends of a link that was cut find out. */
  noticeClient(device: Device): void;
  noticeServer(): void;
  readonly unnoticed: number;
  crash(device: Device): void;
  restartServer(): void;
  /** The server loses what it committed after its last backup. */
  setServerBack(): void;
  advance(durationMs: number): void;
  /** Lets everything that needs no one's word run. */
  settle(): Promise<void>;
}

const START_MS = Date.UTC(2026, 0, 1);

export function createWorld({ seed, replicas, seams = {} }: WorldOptions): SimulatedWorld {
  const random = createRandom(seed);
  const trace = createTrace();
  const scheduler = createManualScheduler(START_MS);
  const faults: string[] = [];
  const written = createLedger('write');
  const acknowledged = createLedger('acknowledged write');
  const overheard = createEavesdropper(acknowledged);
  /** Links that the server believes in although they are gone. */
  const deadLinks: Link[] = [];
  let operations = 0;

  const server = createModelServer({ random, seams, now: scheduler.now, onSent: overheard.downSent });
  const devices = Array.from({ length: replicas }, (_, i) => addDevice(`device${i}`));

  function addDevice(name: string): Device {
    const device = createDevice({
      name,
      random,
      scheduler,
      seams,
      onWritten(id, state) {
        operations += 1;
        written.add(id, state);
      },
      onFault: (fault) => faults.push(fault),
    });
    return device;
  }

  function cut(device: Device): void {
    const { link } = device;
    if (link === undefined || link.isCut) return;
    trace.note(`cut ${device.name}`);
    link.cut();
    deadLinks.push(link);
  }

  function noticeClient(device: Device): void {
    if (!device.link?.isCut) return;
    device.link.clientEnd?.lost();
    device.link = undefined;
  }

  function restartServer(): void {
    trace.note('restart');
    server.restart(random.int(server.commitsWaiting + 1));
    for (const device of devices) cut(device);
    deadLinks.length = 0;
  }

  return {
    random,
    devices,
    server,
    trace,
    faults,
    written,
    acknowledged,
    overheard,
    get operations() {
      return operations;
    },
    get unnoticed() {
      return deadLinks.length;
    },
    connect(device) {
      if (device.app === undefined || device.link !== undefined) return;
      trace.note(`connect ${device.name}`);
      const link = createLink();
      device.link = link;
      device.app.follow(link);
      server.accept(link);
    },
    deliverUp(link) {
      const frame = link.up.take();
      if (frame === undefined) return;
      trace.note('up', frame);
      overheard.upDelivered(link, frame);
      link.serverEnd?.receive(frame);
    },
    deliverDown(link) {
      const frame = link.down.take(seams.nextDown?.(random, link.down.length) ?? 0);
      if (frame === undefined) return;
      trace.note('down', frame);
      overheard.downDelivered(frame);
      link.clientEnd?.receive(frame);
      server.drained(link);
    },
    cut,
    noticeClient,
    noticeServer: () => deadLinks.shift()?.serverEnd?.lost(),
    crash(device) {
      trace.note(`crash ${device.name}`);
      cut(device);
      // A dead app notices nothing any more.
      device.link = undefined;
      device.crash(() => random.chance(0.5));
    },
    restartServer,
    setServerBack() {
      trace.note('set back');
      server.setBack();
      restartServer();
    },
    advance: (durationMs) => scheduler.advance(durationMs),
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}
