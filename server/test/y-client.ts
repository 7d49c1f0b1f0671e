import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

/** An unmodified y-websocket client in a room of the server, as an app of the Yjs family has it. */
export interface YClient {
  readonly doc: Y.Doc;
  readonly provider: WebsocketProvider;
  readonly text: Y.Text;
  /** Resolves when the provider has the room's document. */
  synced(): Promise<void>;
  /** Resolves when the server has turned the client away for good. */
  closed(): Promise<{ readonly code: number; readonly reason: string }>;
  /** Resolves as soon as the condition holds; it is looked at whenever the document or the awareness changes. */
  until(condition: () => boolean): Promise<void>;
  close(): void;
}

export interface YClientOptions {
  readonly doc?: Y.Doc;
  readonly token?: string;
  /** Default: true, at once. */
  readonly isConnected?: boolean;
  /** The root type that `text` is. Default: `body`. */
  readonly field?: string;
}

/** `url` as `ws://host:port`, `room` as `doc/notes/a` or `room/lobby`. */
export function openYClient(url: string, room: string, options: YClientOptions = {}): YClient {
  const { doc = new Y.Doc(), token, isConnected = true, field = 'body' } = options;
  const provider = new WebsocketProvider(`${url}/yjs`, room, doc, {
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
    connect: isConnected,
    maxBackoffTime: 100,
    params: token === undefined ? {} : { token },
  });
  return {
    doc,
    provider,
    text: doc.getText(field),
    synced: () =>
      new Promise((resolve) => {
        if (provider.synced) return resolve();
        provider.once('sync', () => resolve());
      }),
    closed: () => new Promise((resolve) => void provider.once('closed', (event) => resolve(event))),
    until(condition) {
      return new Promise((resolve) => {
        const look = () => {
          if (!condition()) return;
          doc.off('update', look);
          provider.awareness.off('change', look);
          resolve();
        };
        doc.on('update', look);
        provider.awareness.on('change', look);
        look();
      });
    },
    close() {
      provider.destroy();
      provider.awareness.destroy();
    },
  };
}
