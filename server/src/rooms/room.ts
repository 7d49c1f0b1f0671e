import { MalformedError } from '@breakwater/crdt';
import { CloseCode } from '@breakwater/protocol';
import type * as Y from 'yjs';
import type { Scheduler } from '../scheduler.ts';
import { createAudience, type Listener, newListener } from './audience.ts';
import { bringsForeign, type Finding, inspectUpdate } from './inspect-update.ts';
import { openLiveDocument } from './live-document.ts';
import { createRoomBudget } from './room-budget.ts';
import type { RoomContent } from './room-content.ts';
import type { RoomMember, RoomPeer } from './room-peer.ts';
import type { RoomRefusal } from './room-refusal.ts';
import type { RoomKey, RoomStore } from './room-store.ts';
import { createUpdateLog, type UpdateLog } from './update-log.ts';
import { decodeYMessage, encodeDenied, encodeStep1, encodeStep2 } from './y-message.ts';

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

/** A member is asked for everything it has at most so often: its answer may cost much. In milliseconds. */
const ASK_INTERVAL_MS = 1_000;

interface Member extends Listener {
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
}

/** @throws when what is stored cannot be loaded: there is no room then, rather than an empty one. */
export function openRoom(options: RoomOptions): Room {
  const { tenant, key, content, store, base, scheduler, log, onChanged, onEmpty } = options;
  const members = createAudience<Member>(scheduler);
  const { presence } = members;
  const { last } = store.load(tenant, key);
  let isClosed = false;
  const updates = createUpdateLog({ store, tenant, room: key, last, onFailed: (error) => fail('stored', error) });
  const document = openLiveDocument({
    load: () => [...base(), ...store.load(tenant, key).updates, ...updates.unstored],
    onLost: (error) => fail('loaded again', error),
  });
  const budget = createRoomBudget({
    limit: { bytes: content.maxBytes, structs: content.rules.maxStructs },
    measure: document.measure,
  });

  return {
    get doc() {
      return document.doc;
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
      const news = document.apply(update);
      if (news === undefined) return;
      // No more structs than bytes: it is measured when that matters.
      budget.add(news.length, news.length);
      members.announce(news, undefined);
    },
    isForeign: (update, session) =>
      bringsForeign(document.doc, update, (clientId) => {
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
      ...newListener(peer, scheduler.now()),
      readOnly,
      isDenied: false,
      isAsked: true,
      askedAt: scheduler.now(),
      cancelAsking: undefined,
      waitsFor: undefined,
    };
    members.add(member);
    peer.opened(readOnly);
    members.send(member, encodeStep1(document.stateVector()));
    return {
      receive: (message) => (members.has(member) ? guard(member, () => handle(member, message)) : undefined),
      drained: () => void guard(member, () => catchUp(member)),
      leave: () => remove(member),
    };
  }

  /** Whatever goes wrong with one member is over with that one. */
  async function guard(member: Member, work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof MalformedError) return expel(member, CloseCode.badRequest, error.message);
      log(`A member of the room ${JSON.stringify(key.id)} of ${tenant} could not be served: ${messageOf(error)}`);
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
        return members.hear(member, message.entries);
      case 'query-awareness':
        return members.tell(member);
    }
  }

  /** Nobody gets what is not on the disk. */
  async function answer(member: Member, stateVector: Uint8Array): Promise<void> {
    await updates.settled();
    if (members.has(member)) members.send(member, encodeStep2(document.since(stateVector)));
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
    members.tellOnce(member);
    const finding = inspect(member, update);
    if (member.readOnly) return finding.kind === 'good' && finding.structs === 0 ? undefined : deny(member);
    if (finding.kind !== 'gap') return settle(member, update, finding);
    // It has gaps itself. What builds on nothing is left out; once it has it, it sends it as an update.
    if (!isAsked) return;
    const part = document.applicablePart(update);
    return settle(member, part, inspect(member, part));
  }

  function settle(member: Member, update: Uint8Array, finding: Finding): Promise<void> | void {
    if (finding.kind === 'good') return accept(member, update, finding);
    if (finding.kind === 'foreign') member.waitsFor = finding.clientId;
  }

  function inspect(member: Member, update: Uint8Array): Finding {
    return inspectUpdate(document.doc, update, { content, isForeign: (clientId) => !isFree(clientId, member) });
  }

  function accept(member: Member, update: Uint8Array, { structs, isAllNew }: Good): Promise<void> | void {
    if (structs > 0 && !budget.admits(update.length, structs)) {
      return expel(member, CloseCode.full, 'the document would be larger than the server takes');
    }
    const news = isAllNew ? document.applyNew(update) : document.apply(update);
    if (news !== undefined) {
      budget.add(news.length, structs);
      updates.add({ update: news, onStored: () => members.announce(news, member) });
      onChanged();
    }
    // What they relay of this member's may be here now.
    askWaiting((clientId) => presence.ownerOf(clientId) === member);
    if (updates.isFull) return updates.settled();
  }

  /** Nobody gets what is not on the disk. */
  async function catchUp(member: Member): Promise<void> {
    if (!member.missed.isBehind) return;
    await updates.settled();
    members.catchUp(member, document.doc);
  }

  function deny(member: Member): void {
    if (member.isDenied) return;
    member.isDenied = true;
    members.send(member, encodeDenied('this user may read the document and not write it'));
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
    members.send(member, encodeStep1(document.stateVector()));
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

  function expel(member: Member, code: number, reason: string): void {
    if (!members.has(member)) return;
    member.peer.close(code, reason);
    remove(member);
  }

  function remove(member: Member): void {
    if (!members.remove(member)) return;
    member.cancelAsking?.();
    askWaiting(isFree);
    if (members.size === 0) onEmpty();
  }

  function close(code: number, reason: string): void {
    if (isClosed) return;
    isClosed = true;
    for (const member of members.clear()) {
      member.cancelAsking?.();
      member.peer.close(code, reason);
    }
  }

  /** What members sent is not on the disk: they send it again when they come back. */
  function fail(what: string, error: unknown): void {
    log(`The room ${JSON.stringify(key.id)} of ${tenant} could not be ${what}: ${messageOf(error)}`);
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
