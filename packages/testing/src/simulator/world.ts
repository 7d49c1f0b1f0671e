import type { LabelsOf } from '@breakwater/server';
import { createManualScheduler } from '../manual-scheduler.ts';
import { createRandom, type Random } from '../random.ts';
import { type Chronicle, createChronicle } from './chronicle.ts';
import { createDevice, type Device, type DeviceOptions } from './device.ts';
import { createEavesdropper, type Eavesdropper } from './eavesdropper.ts';
import { createLink, type Link } from './link.ts';
import type { Seams } from './seams.ts';
import { createModelServer, type ModelServer } from './server.ts';
import { createTrace, type Trace } from './trace.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly replicas: number;
  readonly seams?: Seams;
  /** Default: everybody reads everything. */
  readonly labelsOf?: LabelsOf;
  readonly onWritten?: DeviceOptions['onWritten'];
}

/** Everything there is. Nothing happens in it but what is called here; the same calls make the same trace. */
export interface SimulatedWorld {
  readonly random: Random;
  readonly devices: readonly Device[];
  readonly server: ModelServer;
  readonly trace: Trace;
  readonly faults: readonly string[];
  readonly chronicle: Chronicle;
  readonly overheard: Eavesdropper;
  /** A number that no write of this world had yet. */
  nextNumber(): number;
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
  /** The server drops tombstones: long after them, when nothing is on its way any more. */
  purge(count: number): Promise<void>;
  advance(durationMs: number): void;
  /** Lets everything that needs no one's word run. */
  settle(): Promise<void>;
}

const START_MS = Date.UTC(2026, 0, 1);

export function createWorld({ seed, replicas, seams = {}, labelsOf, onWritten }: WorldOptions): SimulatedWorld {
  const random = createRandom(seed);
  const trace = createTrace();
  const scheduler = createManualScheduler(START_MS);
  const faults: string[] = [];
  const chronicle = createChronicle();
  const overheard = createEavesdropper({ onAcknowledged: chronicle.noteAcknowledged });
  /** Links that the server believes in although they are gone. */
  const deadLinks: Link[] = [];
  let number = 0;

  const server = createModelServer({
    random,
    seams,
    scheduler,
    labelsOf,
    onSent: overheard.downSent,
    onCommitted: chronicle.noteCommitted,
    onShrunk: chronicle.noteShrunk,
    onPurged: chronicle.notePurged,
  });
  const devices = Array.from({ length: replicas }, (_, i) => {
    const onFault = (fault: string) => void faults.push(fault);
    return createDevice({ name: `device${i}`, random, scheduler, seams, chronicle, onFault, onWritten });
  });

  function cut(device: Device): void {
    const { link } = device;
    if (link === undefined || link.isCut) return;
    trace.note(`cut ${device.name}`);
    link.cut();
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
    if (seams.answersEarly) chronicle.noteServerRows(server.rows);
  }

  async function settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  async function purge(count: number): Promise<void> {
    trace.note('purge');
    while (deadLinks.length > 0) noticeServer();
    for (await settle(); server.commitsWaiting > 0; await settle()) server.commitStep();
    for (const device of devices) {
      const { link, tasksWaiting } = device;
      if (link === undefined || (link.up.length + link.down.length + tasksWaiting === 0 && !link.isCut)) continue;
      cut(device);
      noticeClient(device);
    }
    while (deadLinks.length > 0) noticeServer();
    server.purge(count);
  }

  function noticeServer(): void {
    deadLinks.shift()?.serverEnd?.lost();
  }

  return {
    random,
    devices,
    server,
    trace,
    faults,
    chronicle,
    overheard,
    nextNumber: () => ++number,
    get unnoticed() {
      return deadLinks.length;
    },
    connect(device) {
      if (!device.app?.canFollow || device.link !== undefined) return;
      trace.note(`connect ${device.name}`);
      const link = createLink({
        onSent(frame) {
          for (const { key, state } of overheard.upSent(frame)) chronicle.notePushed(key, state, device.isKnown(key));
        },
        onCut: () => deadLinks.push(link),
      });
      device.link = link;
      device.app.follow(link);
      server.accept(link, device.labels);
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
    noticeServer,
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
      chronicle.batches.forgetAll();
      chronicle.noteServerRows(server.rows);
    },
    purge,
    advance: (durationMs) => scheduler.advance(durationMs),
    settle,
  };
}
