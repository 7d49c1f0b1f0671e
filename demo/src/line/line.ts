import { BehaviorSubject, type Observable, Subject } from 'rxjs';
import type { WebSocketLike } from '../data/database.ts';
import type { Message, Weather } from './weather.ts';
import { openWeatheredSocket, type WeatheredSocket } from './weathered-socket.ts';

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
