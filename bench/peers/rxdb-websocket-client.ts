/* Stock RxDB with its websocket replication. A write counts as acknowledged when the replication says that it is in sync. */
import { replicateWithWebsocketServer } from 'rxdb/plugins/replication-websocket';
import { serveRxdbClients } from './rxdb-clients.ts';
import { openStockNotes } from './rxdb-notes.ts';

serveRxdbClients(async (port) => {
  const { notes } = await openStockNotes();
  let replication: ReturnType<typeof replicate> | undefined;

  function replicate() {
    return replicateWithWebsocketServer({
      replicationIdentifier: 'notes',
      collection: notes,
      url: `ws://127.0.0.1:${port}`,
      live: true,
    });
  }

  async function connected() {
    if (replication === undefined) throw new Error('the client was never connected');
    return replication;
  }

  return {
    notes,
    /** By its identifier it goes on from where it was. */
    connect() {
      replication = replicate();
    },
    async disconnect() {
      const state = await connected();
      // A replication that is cancelled leaves its socket to the closing of the collection: what it put there last.
      const closeSocket = notes.onClose.pop();
      await state.cancel();
      await closeSocket?.();
    },
    inStep: async () => (await connected()).awaitInSync(),
  };
});
