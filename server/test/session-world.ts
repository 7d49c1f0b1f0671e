import { PROTOCOL_VERSION, type UpMessage } from '@breakwater/protocol';
import {
  createManualScheduler,
  type ManualScheduler,
  settlePromises,
} from '../../packages/testing/src/manual-scheduler.ts';
import { type Authenticate, admitEveryone, toWireExpiry } from '../src/identity.ts';
import { DEFAULT_LIMITS, type Limits } from '../src/limits.ts';
import { type Session, startSession } from '../src/session.ts';
import { createFakeSocket, type FakeSocket } from './fake-socket.ts';
import { createHubWorld, type HubWorld } from './hub-world.ts';

/** One session on a socket and a clock that the test moves. */
export interface SessionWorld {
  readonly socket: FakeSocket;
  readonly scheduler: ManualScheduler;
  readonly session: Session;
  readonly hub: HubWorld;
  readonly logged: string[];
  /** What the client was turned away for. */
  readonly offences: string[];
  /** Says `place` when the user's place was given back. */
  readonly left: string[];
  /** Lets the session handle what it was sent. */
  settle(): Promise<void>;
  goLive(): Promise<void>;
}

export const CONNECT: UpMessage = {
  type: 'connect',
  versions: [PROTOCOL_VERSION, PROTOCOL_VERSION],
  token: 'let me in',
  replica: 'r',
  inflates: false,
};

export interface SessionWorldOptions {
  readonly authenticate?: Authenticate;
  readonly hub?: HubWorld;
  readonly limits?: Partial<Limits>;
  /** Has the user room for another connection? Default: true. */
  readonly hasPlace?: boolean;
}

export function createSessionWorld(options: SessionWorldOptions = {}) {
  const { authenticate = admitEveryone, hub = createHubWorld(), limits, hasPlace = true } = options;
  const socket = createFakeSocket();
  const scheduler = createManualScheduler();
  const logged: string[] = [];
  const offences: string[] = [];
  const left: string[] = [];
  const session = startSession({
    socket,
    hub: hub.hub,
    rooms: hub.rooms,
    authenticate,
    welcome: ({ tenant, user, labels, expiresAt }, version) => ({
      type: 'connected',
      version,
      ...hub.store.identity(),
      tenant,
      user,
      labels,
      serverTime: 0,
      expiresAt: toWireExpiry(expiresAt),
      reconnectSpreadMs: 250,
      limits: DEFAULT_LIMITS,
    }),
    limits: { ...DEFAULT_LIMITS, ...limits },
    enter: () => (hasPlace ? () => left.push('place') : undefined),
    offended: (offence) => offences.push(offence),
    spreadMs: () => 250,
    scheduler,
    log: (line) => logged.push(line),
    onLive: () => {},
    onClosed: () => {},
  });
  const world: SessionWorld = {
    socket,
    scheduler,
    session,
    hub,
    logged,
    offences,
    left,
    settle: settlePromises,
    async goLive() {
      socket.hear(CONNECT);
      await settlePromises();
      socket.events.length = 0;
    },
  };
  return world;
}
