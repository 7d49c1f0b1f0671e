/*
 * Stock RxDB's websocket server over a database in memory, which is how it is shown to users. Not durable: what it says that
 * it has is gone with the process. Of a row that two clients wrote it keeps what came first, whole.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { startWebsocketServer } from 'rxdb/plugins/replication-websocket';
import { serve } from '../child.ts';
import type { ServerApi } from './peer.ts';
import { openStockNotes } from './rxdb-notes.ts';

serve<ServerApi>({
  async listen() {
    const { database } = await openStockNotes();
    const { server } = startWebsocketServer({ database, host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  },
});
