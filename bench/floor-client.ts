import { once } from 'node:events';
import { WebSocket } from 'ws';
import { ACK, BATCH, decodeBatch, encodeBatch, type FloorRow, PULL } from './floor-messages.ts';

/** Speaks to the floor's server; keeps nothing. */
export interface FloorClient {
  /** Resolves when every batch is acknowledged. */
  push(batches: readonly (readonly FloorRow[])[]): Promise<void>;
  /** Resolves with the number of rows, once all have come. */
  pull(): Promise<number>;
  onRows: (rows: readonly FloorRow[]) => void;
  end(): void;
}

export async function connectFloorClient(port: number): Promise<FloorClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'open');
  let onAck = () => {};
  const client: FloorClient = {
    onRows() {},
    async push(batches) {
      for (const batch of batches) {
        const acknowledged = new Promise<void>((resolve) => {
          onAck = resolve;
        });
        socket.send(encodeBatch(batch));
        await acknowledged;
      }
    },
    pull() {
      let count = 0;
      client.onRows = (rows) => {
        count += rows.length;
      };
      return new Promise((resolve) => {
        onAck = () => resolve(count);
        socket.send(Uint8Array.of(PULL));
      });
    },
    end: () => socket.terminate(),
  };
  socket.on('message', (data: Buffer) => {
    if (data[0] === ACK) onAck();
    if (data[0] === BATCH) client.onRows(decodeBatch(data));
  });
  return client;
}
