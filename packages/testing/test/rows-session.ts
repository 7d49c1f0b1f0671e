import { batch } from '@breakwater/client';
import { filter, firstValueFrom } from 'rxjs';
import { type Device, goOffline, inSync, MAX_ROW_BYTES, type SessionScript, sees, until } from './recorded-session.ts';

/** Long enough that edits of it go up as diffs. */
const LONG_TEXT = 'low tide at noon, '.repeat(1_000);

/** Four pieces, the last of them short: as many as go up before the first answer. */
const PICTURE = new Blob([Uint8Array.from({ length: 60_000 }, (_, i) => (i * 7) % 251)]);

/** Inserts, a batch, a picture, a long text, a delete, a refusal and concurrent edits. */
export const rowsSession: SessionScript = {
  names: ['orders', 'payments'],
  async act(a, b, isStored) {
    await a.database.orders.insert({
      id: '1',
      title: 'open',
      body: LONG_TEXT,
      tags: ['sea'],
      steps: ['one'],
      likes: 1,
    });
    await sees(b, '1', ({ title }) => title === 'open');

    await batch(a.database, (tx) => {
      tx.orders.insert({ id: '2', title: 'paid' });
      tx.payments.insert({ id: '2', title: 'by card' });
    });
    await sees(b, '2', ({ title }) => title === 'paid');

    const paid = await a.database.payments.findOne('2').exec(true);
    const { digest } = await paid.putAttachment({ id: 'slip', data: PICTURE, type: 'image/png' });
    await until(() => isStored(digest));
    await readSlip(b);
    await inSync(a, b);

    await (await b.database.orders.findOne('1').exec(true)).patch({ body: `${LONG_TEXT}high at six`, likes: 3 });
    await sees(a, '1', ({ likes }) => likes === 3);

    await (await b.database.payments.findOne('2').exec(true)).remove();
    await firstValueFrom(a.database.payments.findOne('2').$.pipe(filter((payment) => payment === null)));

    await a.database.orders.insert({ id: '3', title: 'too much', body: 'x'.repeat(MAX_ROW_BYTES) });
    await firstValueFrom(a.sync.refused$.pipe(filter((refused) => refused.length > 0)));
    await inSync(a, b);

    await Promise.all([a, b].map(goOffline));
    await (await a.database.orders.findOne('1').exec(true)).patch({ title: 'sent', body: `${LONG_TEXT}high at seven` });
    await (await b.database.orders.findOne('1').exec(true)).patch({ rating: 5, body: `Today ${LONG_TEXT}high at six` });
    a.sync.start();
    await a.sync.awaitInSync();
    b.sync.start();
    await sees(a, '1', ({ rating }) => rating === 5);
    await inSync(a, b);
  },
  // Each write is one commit, however often it is delivered.
  endingOf: (seqs, shown) => ({ seqs, ...shown }),
};

async function readSlip({ database, sync }: Device): Promise<void> {
  const payment = await firstValueFrom(
    database.payments.findOne('2').$.pipe(filter((found) => found !== null && found.getAttachment('slip') !== null)),
  );
  const slip = payment?.getAttachment('slip');
  if (!slip) throw new Error('the payment has no slip');
  const data = await sync.attachmentData(slip, { wait: true });
  const [sent, read] = await Promise.all([PICTURE.arrayBuffer(), data.arrayBuffer()]);
  if (!Buffer.from(sent).equals(Buffer.from(read))) throw new Error('another slip arrived than was sent');
}
