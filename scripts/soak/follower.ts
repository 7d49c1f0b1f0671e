import { systemScheduler } from '@breakwater/client';
import { createConnection, DEFAULT_BACKOFF, DEFAULT_BREAKER, type Session } from '@breakwater/client/sync';
import { WebSocket } from 'ws';

/** A client that pulls and follows one collection, and keeps nothing of it but the checkpoint. */
export interface Follower {
  readonly checkpoint: number;
  end(): void;
}

export function follow(url: string, collection: string): Follower {
  let checkpoint = 0;
  const connection = createConnection({
    url,
    replica: 'follower',
    token: () => '',
    webSocket: (url) => new WebSocket(url, { perMessageDeflate: false }),
    backoff: DEFAULT_BACKOFF,
    breaker: DEFAULT_BREAKER,
    scheduler: systemScheduler,
    random: Math.random,
    onState() {},
    // When the link is lost the next session pulls.
    onSession: (session) => void pull(session).catch(() => {}),
    onRows(_, { groups }) {
      for (const group of groups) reach(group.checkpoint);
    },
  });

  async function pull(session: Session): Promise<void> {
    for (let isLast = false; !isLast; ) {
      const request = { type: 'pull', collection, checkpoint, maxRows: 1_000 } as const;
      isLast = await session.request(request, ({ group, last }) => {
        reach(group.checkpoint);
        return last;
      });
    }
  }

  function reach(seq: number): void {
    checkpoint = Math.max(checkpoint, seq);
  }

  connection.dispatch({ type: 'start' });
  return {
    get checkpoint() {
      return checkpoint;
    },
    end: () => connection.dispatch({ type: 'stop' }),
  };
}
