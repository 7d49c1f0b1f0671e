import { BehaviorSubject, type Observable, Subject } from 'rxjs';
import type { WebSocketLike } from '../data/database.ts';
import { openWeatheredSocket, type WeatheredSocket } from './weathered-socket.ts';

export const WEATHERS = ['clear', 'slow', 'lossy', 'silent', 'cut', 'storm'] as const;

/**
 * What a device's line to the server is like. `slow`: far and narrow; `lossy`: what is lost comes late, and now and then the
 * line breaks; `silent`: whoever calls is let in and never answered; `cut`: there is no way; `storm`: every line breaks before anything gets through.
 */
export type Weather = (typeof WEATHERS)[number];

/** One message of a websocket. */
export interface Message {
  readonly direction: 'up' | 'down';
  readonly bytes: number;
  /** How long it is under way, in milliseconds. */
  readonly travelMs: number;
  readonly fate: 'arrives' | 'lost';
}

/** A device's line to the server. It knows nothing of replication: it makes sockets, delays and cuts them. */
export interface Line {
  readonly webSocket: (url: string) => WebSocketLike;
  readonly weather: Weather;
  readonly weather$: Observable<Weather>;
  readonly messages$: Observable<Message>;
  turn(weather: Weather): void;
}

export function createLine(): Line {
  const sockets = new Set<WeatheredSocket>();
  const weather$ = new BehaviorSubject<Weather>('clear');
  const messages$ = new Subject<Message>();

  function webSocket(url: string): WebSocketLike {
    const socket = openWeatheredSocket(url, {
      weather: () => weather$.value,
      onMessage: (message) => messages$.next(message),
      onEnd: () => sockets.delete(socket),
    });
    sockets.add(socket);
    return socket.like;
  }

  return {
    webSocket,
    get weather() {
      return weather$.value;
    },
    weather$,
    messages$,
    turn(weather) {
      if (weather === weather$.value) return;
      weather$.next(weather);
      for (const socket of [...sockets]) socket.feel();
    },
  };
}
