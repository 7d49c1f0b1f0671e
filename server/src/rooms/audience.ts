import { MalformedError } from '@breakwater/crdt';
import type * as Y from 'yjs';
import type { Scheduler } from '../scheduler.ts';
import { createMissedNews, type MissedNews } from './missed-news.ts';
import { createPresence, type Presence } from './presence.ts';
import type { RoomPeer } from './room-peer.ts';
import { type AwarenessEntry, encodeAwareness, encodeUpdate } from './y-message.ts';

/** Somebody who is told what happens in a room. */
export interface Listener {
  readonly peer: RoomPeer;
  readonly missed: MissedNews;
  /** When it was sent something, in milliseconds since 1970. */
  sentAt: number;
}

/** Those who are in a room, and what they are told: news of the document, and of each other. */
export interface Audience<L extends Listener> extends Iterable<L> {
  readonly presence: Pick<Presence<L>, 'ownerOf' | 'nameByStruct'>;
  readonly size: number;
  has(listener: L): boolean;
  add(listener: L): void;
  /** The others hear that it is gone. False: it was not there. */
  remove(listener: L): boolean;
  /** Nobody is there any more, and nobody hears of it. Answers who was. */
  clear(): L[];
  send(listener: L, message: Uint8Array): void;
  /** To everybody but the one that it is from. Who does not read now gets it later. */
  announce(update: Uint8Array, from: L | undefined): void;
  /** Who reads again gets in one message what it missed. */
  catchUp(listener: L, doc: Y.Doc): void;
  /** Takes what it says of itself, and tells everybody. @throws MalformedError */
  hear(listener: L, entries: Uint8Array): void;
  /** Tells it everybody's states; from now on also what changes. */
  tell(listener: L): void;
  /** The same, unless it was told. */
  tellOnce(listener: L): void;
}

/** A y-websocket client takes a link that is silent for 30 seconds for dead. In milliseconds. */
const MAX_SILENCE_MS = 20_000;
const SILENCE_CHECK_MS = 5_000;

export function newListener(peer: RoomPeer, now: number): Listener {
  return { peer, missed: createMissedNews(), sentAt: now };
}

export function createAudience<L extends Listener>(scheduler: Scheduler): Audience<L> {
  const listeners = new Set<L>();
  let cancelCheck: (() => void) | undefined;
  const presence = createPresence<L>({
    userOf: ({ peer }) => peer.user,
    onContest: ({ peer }) => peer.probe(),
  });

  return {
    [Symbol.iterator]: () => listeners[Symbol.iterator](),
    presence,
    get size() {
      return listeners.size;
    },
    has: (listener) => listeners.has(listener),
    add(listener) {
      listeners.add(listener);
      cancelCheck ??= scheduler.after(SILENCE_CHECK_MS, breakSilence);
    },
    remove(listener) {
      if (!listeners.delete(listener)) return false;
      tellAll(presence.leave(listener));
      if (listeners.size === 0) stopChecking();
      return true;
    },
    clear() {
      const all = [...listeners];
      listeners.clear();
      stopChecking();
      return all;
    },
    send,
    announce(update, from) {
      const message = encodeUpdate(update);
      for (const listener of listeners) {
        if (listener === from) continue;
        if (isReading(listener)) send(listener, message);
        else listener.missed.missUpdate(update);
      }
    },
    catchUp(listener, doc) {
      if (!listeners.has(listener) || !listener.missed.isBehind || listener.peer.isFull()) return;
      const { update, clientIds } = listener.missed.takeFrom(doc);
      const states = presence.of(clientIds);
      send(listener, encodeUpdate(update));
      if (states.length > 0) send(listener, encodeAwareness(states));
    },
    hear(listener, bytes) {
      const news = hearEntries(listener, bytes);
      tellOnce(listener);
      tellAll(news);
    },
    tell,
    tellOnce,
  };

  function isReading({ missed, peer }: L): boolean {
    return !missed.isBehind && !peer.isFull();
  }

  function hearEntries(listener: L, bytes: Uint8Array): AwarenessEntry[] {
    try {
      return presence.hear(listener, bytes);
    } catch (error) {
      throw new MalformedError(
        `an awareness message does not decode: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  /** Only once it had the chance to name its own id: what it says of an id that it has been told of proves nothing. */
  function tellOnce(listener: L): void {
    if (!presence.isTold(listener)) tell(listener);
  }

  function tell(listener: L): void {
    const entries = presence.tell(listener);
    if (entries.length > 0) send(listener, encodeAwareness(entries));
  }

  function tellAll(news: readonly AwarenessEntry[]): void {
    if (news.length === 0) return;
    const message = encodeAwareness(news);
    for (const listener of listeners) {
      if (!presence.isTold(listener)) continue;
      if (isReading(listener)) send(listener, message);
      else listener.missed.missStates(news.map(({ clientId }) => clientId));
    }
  }

  function send(listener: L, message: Uint8Array): void {
    listener.sentAt = scheduler.now();
    listener.peer.send(message);
  }

  function breakSilence(): void {
    cancelCheck = scheduler.after(SILENCE_CHECK_MS, breakSilence);
    const since = scheduler.now() - MAX_SILENCE_MS;
    for (const listener of listeners) {
      if (listener.sentAt <= since && isReading(listener)) send(listener, encodeAwareness([]));
    }
  }

  function stopChecking(): void {
    cancelCheck?.();
    cancelCheck = undefined;
  }
}
