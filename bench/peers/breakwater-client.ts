import type { Replication } from '@breakwater/client';
import { filter, firstValueFrom } from 'rxjs';
import { openClient } from '../notes.ts';
import { serveRxdbClients } from './rxdb-clients.ts';

serveRxdbClients(async (port) => {
  const { notes, connect } = await openClient(port);
  let sync: Replication | undefined;

  function connected(): Replication {
    if (sync === undefined) throw new Error('the client was never connected');
    return sync;
  }

  return {
    notes,
    connect() {
      if (sync === undefined) sync = connect();
      else sync.start();
    },
    async disconnect() {
      const { status$ } = connected();
      connected().pause();
      await firstValueFrom(status$.pipe(filter(({ state }) => state === 'paused')));
    },
    inStep: () => connected().awaitInSync(),
  };
});
