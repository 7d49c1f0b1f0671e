import {
  type Ack,
  type Authed,
  type BlobHave,
  type BlobHere,
  type BlobLacks,
  type BlobPart,
  type BlobWant,
  type Connected,
  type DownMessage,
  type Got,
  type Page,
  type RoomClose,
  type RoomClosed,
  type RoomData,
  type RoomOpen,
  type RoomOpened,
  type Rows,
  type UpMessage,
  up,
} from '@breakwater/protocol';
import { describeError } from '../describe-error.ts';
import type { Scheduler } from '../scheduler.ts';
import { LinkLostError, RequestError } from './errors.ts';
import { createPacer } from './pacer.ts';

export type Request = Extract<UpMessage, { readonly request: number }>;
type RequestBody<T extends Request['type']> = Omit<Extract<Request, { readonly type: T }>, 'request'> & {
  readonly type: T;
};
interface ReplyByRequest {
  readonly pull: Page;
  readonly push: Ack;
  readonly get: Got;
  readonly auth: Authed;
  readonly 'blob-get': BlobPart;
  readonly 'blob-put': BlobHave;
  readonly ping: Extract<DownMessage, { readonly type: 'pong' }>;
}

/**
 * One live link: everything that is asked on it settles by reply, deadline or the end of the link. Whoever works for a
 * session checks its signal before it writes: a session that has ended must change nothing any more.
 */
export interface Session {
  readonly connected: Connected;
  /** Aborted when the link is gone. */
  readonly signal: AbortSignal;
  /**
   * Asks, and hands the reply to `onReply` in the very turn in which it came: what follows it on the stream must not
   * overtake it. Answers what `onReply` answers.
   *
   * @throws LinkLostError when the link ends first, also because the deadline has passed.
   * @throws RequestError when the server answers with an error.
   */
  request<T extends Request['type'], R>(body: RequestBody<T>, onReply: (reply: ReplyByRequest[T]) => R): Promise<R>;
  /** Says what needs no answer. On a link that is gone it is not heard. */
  tell(message: BlobLacks | RoomOpen | RoomData | RoomClose): void;
  /** Resolves when no push waits for its ack, or the link is gone: what is large lets rows go first. */
  pushesAnswered(): Promise<void>;
  /** Milliseconds since a push was last answered; 0 while one waits, Infinity when there was none. */
  sincePushMs(): number;
}

/** What the server says of blobs by itself. */
export type BlobNews = BlobWant | BlobHere;

export interface SessionOptions {
  readonly connected: Connected;
  readonly scheduler: Scheduler;
  readonly send: (frame: Uint8Array<ArrayBuffer>) => void;
  readonly onRows: (rows: Rows) => void;
  readonly onBlobs?: (news: BlobNews) => void;
  readonly onRoom?: (message: RoomOpened | RoomData | RoomClosed) => void;
  /** The link must be given up: a request of this type was not answered in time. */
  readonly onDeadline: (type: Request['type'], cause: string) => void;
}

export interface SessionRunner {
  readonly session: Session;
  receive(message: DownMessage): void;
  end(cause: string): void;
}

/** How long a reply may take, in milliseconds. A commit takes some milliseconds; a slow line a few seconds. */
export const REPLY_DEADLINE_MS = 30_000;

interface Waiting {
  readonly type: Request['type'];
  readonly settle: (message: DownMessage) => void;
  readonly fail: (error: Error) => void;
  cancelDeadline: () => void;
}

export function createSession(options: SessionOptions): SessionRunner {
  const { connected, scheduler, send, onRows, onDeadline } = options;
  const controller = new AbortController();
  const pacer = createPacer({ limits: connected.limits, scheduler });
  const waitingByRequest = new Map<number, Waiting>();
  let lastRequest = 0;
  let pushes = 0;
  let pushedAt = Number.NEGATIVE_INFINITY;
  const onPushesAnswered: (() => void)[] = [];

  function request<T extends Request['type'], R>(
    body: RequestBody<T>,
    onReply: (reply: ReplyByRequest[T]) => R,
  ): Promise<R> {
    if (controller.signal.aborted) return Promise.reject(new LinkLostError());
    const id = ++lastRequest;
    return new Promise<R>((resolve, reject) => {
      const settle = (message: DownMessage) => {
        try {
          resolve(onReply(message as ReplyByRequest[T]));
        } catch (error) {
          reject(error);
        }
      };
      const waiting: Waiting = { type: body.type, settle, fail: reject, cancelDeadline: () => {} };
      waitingByRequest.set(id, waiting);
      if (body.type === 'push') pushes++;
      const go = (frame: Uint8Array<ArrayBuffer>) => {
        waiting.cancelDeadline = scheduler.after(REPLY_DEADLINE_MS, () =>
          onDeadline(body.type, `the server did not answer a ${body.type} within ${REPLY_DEADLINE_MS / 1000} s`),
        );
        attempt(() => send(frame));
      };
      const attempt = (run: () => void) => {
        try {
          run();
        } catch (error) {
          take(id)?.fail(new LinkLostError(`the request could not be sent: ${describeError(error)}`));
        }
      };
      attempt(() => {
        const frame = up.encode({ ...body, request: id } as UpMessage);
        pacer.pass(frame.length, () => go(frame));
      });
    });
  }

  function take(id: number): Waiting | undefined {
    const waiting = waitingByRequest.get(id);
    waitingByRequest.delete(id);
    waiting?.cancelDeadline();
    if (waiting?.type === 'push' && --pushes === 0) {
      pushedAt = scheduler.now();
      for (const go of onPushesAnswered.splice(0)) go();
    }
    return waiting;
  }

  async function pushesAnswered(): Promise<void> {
    if (pushes > 0) await new Promise<void>((resolve) => onPushesAnswered.push(resolve));
  }

  function sincePushMs(): number {
    return pushes > 0 ? 0 : scheduler.now() - pushedAt;
  }

  function tell(message: BlobLacks | RoomOpen | RoomData | RoomClose): void {
    if (controller.signal.aborted) return;
    const frame = up.encode(message);
    pacer.pass(frame.length, () => {
      try {
        send(frame);
      } catch {
        // The socket is gone, which is reported elsewhere.
      }
    });
  }

  return {
    session: { connected, signal: controller.signal, request, tell, pushesAnswered, sincePushMs },
    receive(message) {
      switch (message.type) {
        case 'page':
        case 'ack':
        case 'authed':
        case 'blob-have':
        case 'blob-part':
        case 'got':
        case 'pong':
          take(message.request)?.settle(message);
          break;
        case 'error':
          take(message.request)?.fail(new RequestError(message.code, message.message));
          break;
        case 'rows':
          onRows(message);
          break;
        case 'blob-want':
        case 'blob-here':
          options.onBlobs?.(message);
          break;
        case 'room-opened':
        case 'room-data':
        case 'room-closed':
          options.onRoom?.(message);
          break;
        case 'connected':
          break;
      }
    },
    end(cause) {
      pacer.end();
      controller.abort(new LinkLostError(cause));
      for (const id of [...waitingByRequest.keys()]) take(id)?.fail(new LinkLostError(cause));
    },
  };
}
