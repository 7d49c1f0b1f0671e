import { countStructs, hasGaps, loadDoc, MalformedError } from '@breakwater/crdt';
import { CloseCode } from '@breakwater/protocol';
import * as Y from 'yjs';
import type { Scheduler } from '../scheduler.ts';
import { bringsForeign, type Finding, inspectUpdate } from './inspect-update.ts';
import { createPresence } from './presence.ts';
import { createRoomBudget } from './room-budget.ts';
import type { RoomContent } from './room-content.ts';
import type { RoomMember, RoomPeer } from './room-peer.ts';
import type { RoomKey, RoomStore } from './room-store.ts';
import { createUpdateLog, type UpdateLog } from './update-log.ts';
import {
  type AwarenessEntry,
  decodeYMessage,
  encodeAwareness,
  encodeDenied,
  encodeStep1,
  encodeStep2,
  encodeUpdate,
} from './y-message.ts';

/**
 * One document that several write into at once, and those who do. What one of them sends is looked into, applied, brought to
 * the disk, and only then sent on.
 */
export interface Room {
  readonly doc: Y.Doc;
  readonly updates: UpdateLog;
  readonly isEmpty: boolean;
  readonly isClosed: boolean;
  join(peer: RoomPeer, readOnly: boolean): RoomMember;
  /** What came into the document by another way, and is on the disk. @throws when it is not for this document. */
  merge(update: Uint8Array): void;
  /** Does the update bring new structs under the id of a member that is not of this session? */
  isForeign(update: Uint8Array, session: object): boolean;
  readonly members: readonly Pick<Member, 'peer' | 'readOnly'>[];
  /** Whoever is refused has to leave. */
  review(judge: (peer: RoomPeer, readOnly: boolean) => RoomRefusal | undefined): void;
  /** Whoever is in it has to leave. It takes nothing more. */
  close(code: number, reason: string): void;
}

export interface RoomRefusal {
  readonly code: number;
  readonly reason: string;
}

export interface RoomOptions {
  readonly tenant: string;
  readonly key: RoomKey;
  readonly content: RoomContent;
  readonly store: RoomStore;
  /** What the document is made of beside the updates of the store: read anew whenever it is loaded. */
  readonly base: () => readonly Uint8Array[];
  readonly scheduler: Scheduler;
  readonly log: (line: string) => void;
  /** Members wrote something into the document that is not in its base. */
  readonly onChanged: () => void;
  /** The last member has left. */
  readonly onEmpty: () => void;
}

/** A y-websocket client takes a link that is silent for 30 seconds for dead. In milliseconds. */
const MAX_SILENCE_MS = 20_000;
const SILENCE_CHECK_MS = 5_000;

/** Updates on their way to the disk from which on whoever sends more waits for them: they fill memory, and take time. */
const MAX_UNSTORED = 256;

/** A member is asked for everything it has at most so often: its answer may cost much. In milliseconds. */
const ASK_INTERVAL_MS = 1_000;

interface Member {
  readonly peer: RoomPeer;
  readonly readOnly: boolean;
  /** It was told that it may not write. */
  isDenied: boolean;
  /** It was asked for everything it has, and has not answered yet. */
  isAsked: boolean;
  /** In milliseconds since 1970. */
  askedAt: number;
  cancelAsking: (() => void) | undefined;
  /** It sent structs under this id, which is somebody else's. */
  waitsFor: number | undefined;
  /** It did not read, and was not sent everything. */
  isBehind: boolean;
  /** From which clock on it was not sent the structs of which client. */
  readonly missedFrom: Map<number, number>;
  readonly missedStates: Set<number>;
  /** When it was sent something, in milliseconds since 1970. */
  sentAt: number;
}

/** @throws when what is stored cannot be loaded: there is no room then, rather than an empty one. */
export function openRoom(options: RoomOptions): Room {
  const { tenant, key, content, store, base, scheduler, log, onChanged, onEmpty } = options;
  const members = new Set<Member>();
  const stored = store.load(tenant, key);
  let doc = load(stored.updates);
  let isClosed = false;
  let cancelCheck: (() => void) | undefined;
  const updates = createUpdateLog({ store, tenant, room: key, last: stored.last, onFailed });
  const presence = createPresence<Member>({
    userOf: ({ peer }) => peer.user,
    onContest: ({ peer }) => peer.probe(),
  });
  const budget = createRoomBudget({
    limit: { bytes: content.maxBytes, structs: content.rules.maxStructs },
    measure: () => ({ bytes: Y.encodeStateAsUpdate(doc).length, structs: countStructs(doc) }),
  });

  return {
    get doc() {
      return doc;
    },
    updates,
    get isEmpty() {
      return members.size === 0;
    },
    get isClosed() {
      return isClosed;
    },
    get members() {
      return [...members];
    },
    join,
    merge(update) {
      const news = apply(update);
      if (news === undefined) return;
      budget.add(news.length, 0);
      announce(news, undefined);
    },
    isForeign: (update, session) =>
      bringsForeign(doc, update, (clientId) => {
        const owner = presence.ownerOf(clientId);
        return owner !== undefined && owner.peer.session !== session;
      }),
    review(judge) {
      for (const member of [...members]) {
        const refusal = judge(member.peer, member.readOnly);
        if (refusal !== undefined) expel(member, refusal.code, refusal.reason);
      }
    },
    close,
  };

  function join(peer: RoomPeer, readOnly: boolean): RoomMember {
    const member: Member = {
      peer,
      readOnly,
      isDenied: false,
      isAsked: true,
      askedAt: scheduler.now(),
      cancelAsking: undefined,
      waitsFor: undefined,
      isBehind: false,
      missedFrom: new Map(),
      missedStates: new Set(),
      sentAt: scheduler.now(),
    };
    members.add(member);
    peer.opened(readOnly);
    cancelCheck ??= scheduler.after(SILENCE_CHECK_MS, breakSilence);
    send(member, encodeStep1(Y.encodeStateVector(doc)));
    return {
      receive: (message) => (members.has(member) ? receive(member, message) : undefined),
      drained: () => void catchUp(member),
      leave: () => remove(member),
    };
  }

  async function receive(member: Member, bytes: Uint8Array): Promise<void> {
    try {
      await handle(member, bytes);
    } catch (error) {
      if (error instanceof MalformedError) return expel(member, CloseCode.badRequest, error.message);
      log(`A message to the room ${JSON.stringify(key.id)} of ${tenant} failed: ${messageOf(error)}`);
      expel(member, CloseCode.tryAgainLater, 'the server failed');
    }
  }

  function handle(member: Member, bytes: Uint8Array): Promise<void> | void {
    const message = decode(bytes);
    switch (message?.type) {
      case undefined:
        return;
      case 'step1':
        return answer(member, message.stateVector);
      case 'step2':
        return takeAll(member, message.update);
      case 'update':
        return take(member, message.update);
      case 'awareness':
        return hear(member, message.entries);
      case 'query-awareness':
        return tell(member);
    }
  }

  /** Nobody gets what is not on the disk. */
  async function answer(member: Member, stateVector: Uint8Array): Promise<void> {
    await updates.settled();
    if (members.has(member)) send(member, encodeStep2(encodeSince(stateVector)));
  }

  function encodeSince(stateVector: Uint8Array): Uint8Array {
    try {
      return Y.encodeStateAsUpdate(doc, stateVector);
    } catch (error) {
      throw new MalformedError(`a state vector does not decode: ${messageOf(error)}`);
    }
  }

  function take(member: Member, update: Uint8Array): Promise<void> | void {
    const finding = inspect(member, update);
    if (member.readOnly) return deny(member);
    if (finding.kind === 'gap') return ask(member);
    const taken = settle(member, update, finding);
    // Somebody who types; what is answered to step 1 may be others'.
    if (finding.kind === 'good' && finding.author !== undefined) presence.nameByStruct(member, finding.author);
    return taken;
  }

  /** The answer to step 1: everything that the member has and the server lacked when it asked. */
  function takeAll(member: Member, update: Uint8Array): Promise<void> | void {
    const { isAsked } = member;
    member.isAsked = false;
    tellOnce(member);
    const finding = inspect(member, update);
    if (member.readOnly) return finding.kind === 'good' && finding.structs === 0 ? undefined : deny(member);
    if (finding.kind !== 'gap') return settle(member, update, finding);
    // It has gaps itself. What builds on nothing is left out; once it has it, it sends it as an update.
    if (!isAsked) return;
    const part = applicablePart(doc, update);
    return settle(member, part, inspect(member, part));
  }

  function settle(member: Member, update: Uint8Array, finding: Finding): Promise<void> | void {
    if (finding.kind === 'good') return accept(member, update, finding);
    if (finding.kind === 'foreign') member.waitsFor = finding.clientId;
  }

  function inspect(member: Member, update: Uint8Array): Finding {
    return inspectUpdate(doc, update, { content, isForeign: (clientId) => !isFree(clientId, member) });
  }

  function accept(member: Member, update: Uint8Array, { structs, isAllNew }: Good): Promise<void> | void {
    if (structs > 0 && !budget.admits(update.length, structs)) {
      return expel(member, CloseCode.full, 'the document would be larger than the server takes');
    }
    const news = isAllNew ? applyWhole(update) : apply(update);
    if (news !== undefined) {
      budget.add(news.length, structs);
      updates.add({ update: news, onStored: () => announce(news, member) });
      onChanged();
    }
    // What they relay of this member's may be here now.
    askWaiting((clientId) => presence.ownerOf(clientId) === member);
    if (updates.unstoredCount >= MAX_UNSTORED) return updates.settled();
  }

  /** What of it was new; undefined: nothing. */
  function apply(update: Uint8Array): Uint8Array | undefined {
    const [target, news] = [doc, [] as Uint8Array[]];
    const collect = (bytes: Uint8Array) => void news.push(bytes);
    target.on('update', collect);
    try {
      applyWhole(update);
      return news.length > 1 ? Y.mergeUpdates(news) : news[0];
    } finally {
      target.off('update', collect);
    }
  }

  /** All of it or nothing: when Yjs trips over it, the document is as it was. Answers the update. */
  function applyWhole(update: Uint8Array): Uint8Array {
    try {
      Y.applyUpdate(doc, update);
      if (hasGaps(doc)) throw new MalformedError('an update builds on what is not there');
      return update;
    } catch (error) {
      reload();
      throw error instanceof MalformedError ? error : new MalformedError(`Yjs cannot apply it: ${messageOf(error)}`);
    }
  }

  function reload(): void {
    try {
      doc = load([...store.load(tenant, key).updates, ...updates.unstored]);
    } catch (error) {
      fail(`could not be loaded again: ${messageOf(error)}`);
    }
  }

  function load(logged: readonly Uint8Array[]): Y.Doc {
    const loaded = loadDoc([...base(), ...logged]);
    if (hasGaps(loaded)) throw new Error('what is stored of the room is not complete');
    return loaded;
  }

  function announce(update: Uint8Array, from: Member | undefined): void {
    const message = encodeUpdate(update);
    for (const member of members) {
      if (member === from) continue;
      if (!member.isBehind && !member.peer.isFull()) send(member, message);
      else missUpdate(member, update);
    }
  }

  function missUpdate(member: Member, update: Uint8Array): void {
    member.isBehind = true;
    for (const [client, clock] of Y.parseUpdateMeta(update).from) {
      member.missedFrom.set(client, Math.min(clock, member.missedFrom.get(client) ?? clock));
    }
  }

  /** Who reads again gets in one message what it missed; so a slow reader costs a number for each writer, and no more. */
  async function catchUp(member: Member): Promise<void> {
    if (!member.isBehind) return;
    await updates.settled();
    if (!members.has(member) || !member.isBehind || member.peer.isFull()) return;
    const known = new Map([...doc.store.clients.keys()].map((client) => [client, Y.getState(doc.store, client)]));
    for (const [client, clock] of member.missedFrom) known.set(client, clock);
    const states = presence.of(member.missedStates);
    member.isBehind = false;
    member.missedFrom.clear();
    member.missedStates.clear();
    send(member, encodeUpdate(Y.encodeStateAsUpdate(doc, Y.encodeStateVector(known))));
    if (states.length > 0) send(member, encodeAwareness(states));
  }

  function deny(member: Member): void {
    if (member.isDenied) return;
    member.isDenied = true;
    send(member, encodeDenied('this user may read the document and not write it'));
  }

  /** Asks for everything that the member has and the server lacks. */
  function ask(member: Member): void {
    if (member.isAsked || member.cancelAsking !== undefined) return;
    const delayMs = Math.max(0, member.askedAt + ASK_INTERVAL_MS - scheduler.now());
    if (delayMs === 0) return askNow(member);
    member.cancelAsking = scheduler.after(delayMs, () => {
      member.cancelAsking = undefined;
      if (!member.isAsked) askNow(member);
    });
  }

  function askNow(member: Member): void {
    member.isAsked = true;
    member.askedAt = scheduler.now();
    send(member, encodeStep1(Y.encodeStateVector(doc)));
  }

  function isFree(clientId: number, member: Member): boolean {
    const owner = presence.ownerOf(clientId);
    return owner === undefined || owner === member;
  }

  /** What they sent under somebody else's id was left out, and may be right now. */
  function askWaiting(isOver: (clientId: number, member: Member) => boolean): void {
    for (const member of members) {
      if (member.waitsFor === undefined || !isOver(member.waitsFor, member)) continue;
      member.waitsFor = undefined;
      ask(member);
    }
  }

  function hear(member: Member, bytes: Uint8Array): void {
    const news = hearEntries(member, bytes);
    tellOnce(member);
    tellAll(news);
  }

  function hearEntries(member: Member, bytes: Uint8Array): AwarenessEntry[] {
    try {
      return presence.hear(member, bytes);
    } catch (error) {
      throw new MalformedError(`an awareness message does not decode: ${messageOf(error)}`);
    }
  }

  /** Only once it had the chance to name its own id: what it says of an id that it has been told of proves nothing. */
  function tellOnce(member: Member): void {
    if (!presence.isTold(member)) tell(member);
  }

  function tell(member: Member): void {
    const entries = presence.tell(member);
    if (entries.length > 0) send(member, encodeAwareness(entries));
  }

  function tellAll(news: readonly AwarenessEntry[]): void {
    if (news.length === 0) return;
    const message = encodeAwareness(news);
    for (const member of members) {
      if (!presence.isTold(member)) continue;
      if (!member.isBehind && !member.peer.isFull()) send(member, message);
      else missStates(member, news);
    }
  }

  function missStates(member: Member, news: readonly AwarenessEntry[]): void {
    member.isBehind = true;
    for (const { clientId } of news) member.missedStates.add(clientId);
  }

  function send(member: Member, message: Uint8Array): void {
    member.sentAt = scheduler.now();
    member.peer.send(message);
  }

  function breakSilence(): void {
    cancelCheck = scheduler.after(SILENCE_CHECK_MS, breakSilence);
    const since = scheduler.now() - MAX_SILENCE_MS;
    for (const member of members) if (member.sentAt <= since && !member.isBehind) send(member, encodeAwareness([]));
  }

  function expel(member: Member, code: number, reason: string): void {
    if (!members.has(member)) return;
    member.peer.close(code, reason);
    remove(member);
  }

  function remove(member: Member): void {
    if (!members.delete(member)) return;
    member.cancelAsking?.();
    tellAll(presence.leave(member));
    askWaiting(isFree);
    if (members.size > 0) return;
    cancelCheck?.();
    cancelCheck = undefined;
    onEmpty();
  }

  function close(code: number, reason: string): void {
    if (isClosed) return;
    isClosed = true;
    cancelCheck?.();
    const leaving = [...members];
    members.clear();
    for (const member of leaving) {
      member.cancelAsking?.();
      member.peer.close(code, reason);
    }
  }

  function onFailed(error: unknown): void {
    fail(`could not be stored: ${messageOf(error)}`);
  }

  /** What members sent is not on the disk: they send it again when they come back. */
  function fail(what: string): void {
    log(`The room ${JSON.stringify(key.id)} of ${tenant} ${what}`);
    close(CloseCode.tryAgainLater, 'the server could not store or read');
    onEmpty();
  }
}

function decode(bytes: Uint8Array): ReturnType<typeof decodeYMessage> {
  try {
    return decodeYMessage(bytes);
  } catch (error) {
    throw new MalformedError(`a message does not decode: ${messageOf(error)}`);
  }
}

type Good = Extract<Finding, { kind: 'good' }>;

/** What of an update a document can apply, cut down to what is new to it. */
function applicablePart(doc: Y.Doc, update: Uint8Array): Uint8Array {
  try {
    const copy = loadDoc([Y.encodeStateAsUpdate(doc), update]);
    copy.store.pendingStructs = null;
    copy.store.pendingDs = null;
    return Y.encodeStateAsUpdate(copy, Y.encodeStateVector(doc));
  } catch (error) {
    throw new MalformedError(`Yjs cannot apply an update: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
