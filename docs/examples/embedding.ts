import { createServer as createHttpServer } from 'node:http';
import { defineCollections } from '@breakwater/client';
import { createServer, type LogLevel } from '@breakwater/server';

const collections = defineCollections({
  orders: {
    schema: {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: {
        id: { type: 'string', maxLength: 100 },
        item: { type: 'string' },
        status: { type: 'string', enum: ['new', 'paid'] },
      },
      required: ['item', 'status'],
    },
  },
});

interface Order {
  readonly id: string;
  readonly item: string;
  readonly status: 'new' | 'paid';
}

/** A shop: devices write orders, the bank calls back over HTTP, and the order on the device says that it is paid. */
export async function openShop(dataDir: string, log: (level: LogLevel, message: string) => void) {
  const server = await createServer({
    dataDir,
    log,
    collections,
    authenticate: (token) => ({ tenant: 'shop', user: token }),
    onConnect: ({ user }) => log('info', `${user} is here`),
    onRows({ rows }) {
      for (const { id, document } of rows) log('info', `${id} is ${document.status}`);
    },
    onClose: ({ user }) => log('info', `${user} has left`),
  });
  const orders = server.collection<Order>('orders', 'shop');

  async function answer(url = ''): Promise<number> {
    const [, path, id = ''] = url.split('/');
    if (path !== 'paid' || orders.get(id) === undefined) return 404;
    await orders.patch(id, { status: 'paid' }); // stored, and on its way to every device that may read it
    return 204;
  }

  const http = createHttpServer((request, response) => {
    answer(request.url)
      .catch(() => 503)
      .then((status) => response.writeHead(status).end());
  });
  server.attach(http); // the websockets at /sync and /yjs; all other requests stay yours

  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    await server.close(); // tells the devices to come back later, and closes the store
    await new Promise((resolve) => http.close(resolve));
  };
  return { http, close, collections };
}
