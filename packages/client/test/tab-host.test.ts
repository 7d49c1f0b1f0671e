import { describe, expect, it } from 'vitest';
import type { Engine, WrittenElsewhere } from '../src/engine.ts';
import type { TabChannel, TabMessage } from '../src/tabs/channel.ts';
import { hostTabs } from '../src/tabs/host.ts';

/** An engine that takes in what was written elsewhere when the test says so, and the channel of its tab. */
function setUp() {
  const posted: TabMessage[] = [];
  const channel: TabChannel = { post: (message) => void posted.push(message), onMessage: () => {}, close: () => {} };
  const asked: { readonly written: WrittenElsewhere; readonly answer: PromiseWithResolvers<void> }[] = [];
  const engine: Partial<Engine> = {
    noteWritten(written) {
      const answer = Promise.withResolvers<void>();
      asked.push({ written, answer });
      return answer.promise;
    },
  };
  const host = hostTabs(engine as Engine, channel);
  const write = (count: number) =>
    host.receive({ type: 'wrote', tab: 't', count, collection: 'notes', ids: [`n${count}`], clockMs: 0 });
  const heard = () => posted.flatMap((message) => (message.type === 'snapshot' ? [message.heardByTab.t ?? 0] : []));
  return { write, asked, heard };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the tab that replicates', () => {
  it('[TL3] says that it has heard of a write only when it has heard of those before', async () => {
    const { write, asked, heard } = setUp();
    write(1);
    write(2);
    await settle();
    asked.at(-1)?.answer.resolve();
    await settle();
    expect(heard().at(-1)).toBe(1);
    asked.at(-1)?.answer.resolve();
    await settle();
    expect(heard().at(-1)).toBe(2);
    expect(asked.map(({ written }) => written.ids)).toEqual([['n1'], ['n2']]);
  });

  it('[TL3] a write that it cannot read does not keep it from hearing of the next', async () => {
    const { write, asked, heard } = setUp();
    write(1);
    write(2);
    await settle();
    asked[0]?.answer.reject(new Error('the disk is gone'));
    await settle();
    asked[1]?.answer.resolve();
    await settle();
    expect(heard().at(-1)).toBe(2);
  });
});
