import type { LiveDocument } from '@breakwater/client';
import { type Device, goOffline, inSync, type Order, type SessionScript, sees, until } from './recorded-session.ts';

/** Two type into one document, one of them without a link for a while; then one leaves, and patches it. */
export const roomSession: SessionScript = {
  names: ['orders'],
  async act(a, b) {
    await a.database.orders.insert({ id: '1', title: 'Log', body: 'low' });
    await sees(b, '1', ({ body }) => body === 'low');
    const [left, right] = [await open(a), await open(b)];
    const areLive = () => until(() => left.status === 'live' && right.status === 'live');
    const bothShow = (text: string) => until(() => textOf(left) === text && textOf(right) === text);
    await areLive();

    left.awareness.setLocalStateField('user', { name: 'Ada' });
    await until(() => right.awareness.getStates().get(left.doc.clientID)?.user?.name === 'Ada');

    write(left, ' tide');
    await bothShow('low tide');
    write(right, ' at');
    await bothShow('low tide at');
    await Promise.all([left.flush(), right.flush()]);
    await inSync(a, b);

    await goOffline(a);
    write(left, ' six');
    right.text('body').insert(0, 'Pier 7: ');
    await Promise.all([left.flush(), right.flush()]);
    await b.sync.awaitInSync();
    a.sync.start();
    await bothShow('Pier 7: low tide at six');
    await areLive();
    await inSync(a, b);

    await right.close();
    await until(() => left.awareness.getStates().size === 1);
    const order = await b.database.orders.findOne('1').exec(true);
    await order.patch({ body: 'Pier 8: low tide at six' });
    await until(() => textOf(left) === 'Pier 8: low tide at six');
    write(left, '!');
    await left.close();
    await Promise.all([a, b].map((each) => sees(each, '1', ({ body }) => body === 'Pier 8: low tide at six!')));
    await inSync(a, b);
  },
  // What is typed comes into the row from the room or by a push, whichever is first: commits may be more or fewer.
  endingOf: (_seqs, shown) => shown,
};

type OpenOrder = LiveDocument<Order>;

async function open({ database, sync }: Device): Promise<OpenOrder> {
  return sync.open(await database.orders.findOne('1').exec(true));
}

function textOf(live: OpenOrder): string {
  return live.text('body').toString();
}

/** At the end. */
function write(live: OpenOrder, text: string): void {
  live.text('body').insert(live.text('body').length, text);
}
