import {
  type Connected,
  type DownMessage,
  down,
  PROTOCOL_VERSION,
  type RowGroup,
  type UpMessage,
  up,
} from '@breakwater/protocol';
import { WebSocket } from 'ws';

/** A real socket that speaks the protocol and knows nothing else. */
export interface TestClient {
  readonly connected: Connected;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  push(...groups: RowGroup[]): Promise<DownMessage>;
  pull(collection: string, checkpoint?: number): Promise<DownMessage>;
  ping(): Promise<DownMessage>;
  /** Sends a request under a number of its own, and answers what it is answered. */
  ask(build: (request: number) => UpMessage): Promise<DownMessage>;
  send(message: UpMessage): void;
  /** The next message of a type, of those not yet taken. */
  next(type: DownMessage['type']): Promise<DownMessage>;
  sendFrame(frame: Uint8Array): void;
  terminate(): void;
}

interface Waiting {
  matches(message: DownMessage): boolean;
  resolve(message: DownMessage): void;
  reject(error: Error): void;
}

export async function openClient(url: string, token = '', replica = 'test', inflates = false): Promise<TestClient> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const heard: DownMessage[] = [];
  const waiting: Waiting[] = [];
  let lastRequest = 0;

  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      resolve({ code, reason: reason.toString() });
      for (const each of waiting.splice(0)) each.reject(new Error(`closed with ${code} ${reason}`));
    });
  });
  socket.on('message', (data: Buffer) => {
    const message = down.decode(data);
    if (message === undefined) return;
    const index = waiting.findIndex(({ matches }) => matches(message));
    if (index < 0) heard.push(message);
    else waiting.splice(index, 1)[0]?.resolve(message);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {});

  const send = (message: UpMessage) => socket.send(up.encode(message));
  send({ type: 'connect', versions: [PROTOCOL_VERSION, PROTOCOL_VERSION], token, replica, inflates });
  const connected = await take((message): message is Connected => message.type === 'connected');

  return {
    connected,
    closed,
    push: (...groups) => ask((request) => ({ type: 'push', request, atomic: false, groups })),
    pull: (collection, checkpoint = 0) =>
      ask((request) => ({ type: 'pull', request, collection, checkpoint, maxRows: 1_000 })),
    ping: () => ask((request) => ({ type: 'ping', request })),
    ask,
    send,
    next: (type) => take((message): message is DownMessage => message.type === type),
    sendFrame: (frame) => socket.send(frame),
    terminate: () => socket.terminate(),
  };

  function ask(build: (request: number) => UpMessage): Promise<DownMessage> {
    lastRequest += 1;
    const request = lastRequest;
    send(build(request));
    return take((message): message is DownMessage => 'request' in message && message.request === request);
  }

  function take<M extends DownMessage>(matches: (message: DownMessage) => message is M): Promise<M> {
    const index = heard.findIndex(matches);
    const [found] = index < 0 ? [] : heard.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found as M);
    return new Promise<M>((resolve, reject) => {
      waiting.push({ matches, resolve: (message) => resolve(message as M), reject });
    });
  }
}
