import { decodeState, type RichKind, readRich, type State } from '@breakwater/crdt';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as syncProtocol from 'y-protocols/sync';
import * as Y from 'yjs';
import {
  createManualScheduler,
  type ManualScheduler,
  settlePromises,
} from '../../packages/testing/src/manual-scheduler.ts';
import type { RoomAddress } from '../src/rooms/room-address.ts';
import type { RoomMember, RoomPeer } from '../src/rooms/room-peer.ts';
import {
  type AwarenessEntry,
  decodeAwareness,
  encodeAwareness,
  encodeStep1,
  encodeUpdate,
} from '../src/rooms/y-message.ts';
import { createHubWorld, type HubWorld, type HubWorldOptions } from './hub-world.ts';

/** Rooms without sockets, on a clock that the test moves. */
export interface RoomWorld extends HubWorld {
  readonly scheduler: ManualScheduler;
  /** An editor in a room, as a y-websocket client would be in it; undefined: it was turned away. */
  enter(address: RoomAddress, options?: EditorOptions): Promise<Editor>;
  settle(): Promise<void>;
  /** Lets time pass, and everything happen that is due. */
  pass(ms: number): Promise<void>;
  /** What the row holds. */
  stateOf(id: string): State;
  /** The text of the field `body` of the row. */
  bodyOf(id: string): unknown;
}

export interface EditorOptions {
  readonly tenant?: string;
  readonly user?: string;
  readonly labels?: readonly string[];
  readonly session?: object;
  readonly doc?: Y.Doc;
  /** Says who it is, as y-websocket does. Default: true. */
  readonly isAware?: boolean;
}

export interface Editor {
  readonly doc: Y.Doc;
  readonly text: Y.Text;
  /** Kinds of the messages that came, in their order: `step1`, `step2`, `update`, `awareness`, `auth`. */
  readonly heard: string[];
  /** What it knows of the others, by their Yjs client ids. */
  readonly states: Map<number, AwarenessEntry>;
  /** The latest clock of each of them: what is not later is passed over. */
  readonly clocks: Map<number, number>;
  /** How the room was closed to it: `4404 there is no such document`. */
  readonly closed: string[];
  readonly readOnly: boolean | undefined;
  isFull: boolean;
  probed: number;
  /** While true, it neither sends what it writes nor answers. */
  isOffline: boolean;
  say(message: Uint8Array): Promise<void>;
  update(update: Uint8Array): Promise<void>;
  aware(...entries: AwarenessEntry[]): Promise<void>;
  drained(): void;
  leave(): void;
}

export const noteRoom = (id: string, generation?: string): RoomAddress => ({
  kind: 'document',
  collection: 'notes',
  id,
  generation,
});

export const freeRoom = (name: string): RoomAddress => ({ kind: 'free', name });

export function createRoomWorld(options: HubWorldOptions = {}): RoomWorld {
  const scheduler = createManualScheduler(Date.now());
  const world = createHubWorld({ scheduler, ...options });
  const stateOf = (id: string, tenant = 'acme') => {
    const row = world.store.row(tenant, { collection: 'notes', id });
    if (row === undefined) throw new Error(`there is no row ${id}`);
    return decodeState(row.state);
  };
  return {
    ...world,
    scheduler,
    enter: async (address, editorOptions) => {
      const editor = await enter(world, address, editorOptions);
      await settlePromises();
      return editor;
    },
    settle: settlePromises,
    async pass(ms) {
      await scheduler.advanceAsync(ms);
      await settlePromises();
    },
    stateOf,
    bodyOf: (id) => readRich(stateOf(id).rich, [['body', 'text' satisfies RichKind]]).body,
  };
}

async function enter({ rooms }: HubWorld, address: RoomAddress, options: EditorOptions = {}): Promise<Editor> {
  const {
    tenant = 'acme',
    user = 'anna',
    labels = [tenant],
    session = {},
    doc = new Y.Doc(),
    isAware = true,
  } = options;
  let member: RoomMember | undefined;
  const waiting: Uint8Array[] = [];
  const editor: { -readonly [K in keyof Editor]: Editor[K] } = {
    doc,
    text: doc.getText('body'),
    heard: [],
    states: new Map(),
    clocks: new Map(),
    closed: [],
    readOnly: undefined,
    isFull: false,
    isOffline: false,
    probed: 0,
    say: async (message) => {
      if (member === undefined) waiting.push(message);
      else await member.receive(message);
    },
    update: (update) => editor.say(encodeUpdate(update)),
    aware: (...entries) => editor.say(encodeAwareness(entries)),
    drained: () => member?.drained(),
    leave: () => member?.leave(),
  };
  const peer: RoomPeer = {
    tenant,
    user,
    labels,
    session,
    opened(readOnly) {
      editor.readOnly = readOnly;
    },
    send: (message) => {
      const answer = hear(editor, message);
      if (answer !== undefined && !editor.isOffline) void editor.say(answer);
    },
    isFull: () => editor.isFull,
    close: (code, reason) => editor.closed.push(`${code} ${reason}`),
    probe: () => {
      editor.probed += 1;
    },
  };
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== editor && !editor.isOffline) void editor.update(update);
  });
  const opened = await rooms.open(peer, address);
  if ('code' in opened) {
    editor.closed.push(`${opened.code} ${opened.reason}`);
    return editor;
  }
  member = opened;
  void member.receive(encodeStep1(Y.encodeStateVector(doc)));
  if (isAware) void editor.aware({ clientId: doc.clientID, clock: 0, state: '{}' });
  for (const message of waiting.splice(0)) void member.receive(message);
  return editor;
}

const KINDS = ['step1', 'step2', 'update'];

/** What y-websocket does with a message. Answers what it would answer. */
function hear(editor: Editor, message: Uint8Array): Uint8Array | undefined {
  const decoder = decoding.createDecoder(message);
  switch (decoding.readVarUint(decoder)) {
    case 0: {
      editor.heard.push(KINDS[message[1] ?? -1] ?? 'unknown');
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, 0);
      syncProtocol.readSyncMessage(decoder, encoder, editor.doc, editor);
      return encoding.length(encoder) > 1 ? encoding.toUint8Array(encoder) : undefined;
    }
    case 1:
      editor.heard.push('awareness');
      for (const entry of decodeAwareness(decoding.readVarUint8Array(decoder))) {
        const clock = editor.clocks.get(entry.clientId) ?? 0;
        const isGone = entry.state === 'null' && editor.states.has(entry.clientId);
        if (entry.clock < clock || (entry.clock === clock && !isGone)) continue;
        editor.clocks.set(entry.clientId, entry.clock);
        if (entry.state === 'null') editor.states.delete(entry.clientId);
        else editor.states.set(entry.clientId, entry);
      }
      return undefined;
    default:
      editor.heard.push('auth');
      return undefined;
  }
}
