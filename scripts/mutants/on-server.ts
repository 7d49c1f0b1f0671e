import type { SourceMutant } from './source-mutant.ts';

const COMMIT_QUEUE = 'server/test/commit-queue.test.ts';
const HUB_ATOMIC = 'server/test/hub-atomic.test.ts';
const HUB_LABELS = 'server/test/hub-labels.test.ts';
const HUB_PUSH = 'server/test/hub-push.test.ts';
const HUB_STREAM = 'server/test/hub-stream.test.ts';

/** What the server promises to those who push and follow. */
export const ON_SERVER: readonly SourceMutant[] = [
  {
    rule: 'news is sent only to whom it follows on without a gap',
    file: 'server/src/tell.ts',
    find: 'stream.isRightBefore(part.ranges.get(stream.collection)?.first ?? 0)',
    replace: 'part.ranges.has(stream.collection)',
    test: { file: HUB_STREAM, title: '[HB14] a session that could not be told of news gets them with the next' },
  },
  {
    rule: 'a full session is sent no news',
    file: 'server/src/tell.ts',
    find: 'if (peer === undefined || peer.isFull()) return 0;',
    replace: 'if (peer === undefined) return 0;',
    test: {
      file: HUB_STREAM,
      title: '[HB14] a full session gets no news; drained, it gets what it missed, and then news again',
    },
  },
  {
    rule: 'only who was told of a row before is told what is new in it',
    file: 'server/src/merge-push.ts',
    find: ' || labelsText(stored.labels) !== labelsText(row.labels)',
    replace: '',
    test: { file: 'server/test/hub-deltas.test.ts', title: '[HB70] who may read a row only now is told all of it' },
  },
  {
    rule: 'a session hears no news before its last page',
    file: 'server/src/hub.ts',
    find: 'if (last) beginStream(',
    replace: 'beginStream(',
    test: { file: HUB_STREAM, title: '[HB12] a session hears of news from its last page on, and of nothing before' },
  },
  {
    rule: 'a pull ends the news of its collection',
    file: 'server/src/hub.ts',
    find: 'pull(message) {\n        endStream(message.collection);',
    replace: 'pull(message) {',
    test: { file: HUB_STREAM, title: '[HB12] pulling again ends the news until the last page' },
  },
  {
    rule: "an ack's checkpoint passes over no commit of others",
    file: 'server/src/stream.ts',
    find: 'return cursor === seq - 1 && readAt < seq;',
    replace: 'return readAt < seq;',
    test: {
      file: HUB_STREAM,
      title: '[HB14] a full session gets no news; drained, it gets what it missed, and then news again',
    },
  },
  {
    rule: 'nor over a row that its push was merged with, unheard of',
    file: 'server/src/stream.ts',
    find: 'return cursor === seq - 1 && readAt < seq;',
    replace: 'return cursor === seq - 1;',
    test: {
      file: 'server/test/hub-own-push.test.ts',
      title:
        '[HB20] a session that lags hears of the row that its own push took the place of, and its ack says nothing',
    },
  },
  {
    rule: 'a follower that cannot be told keeps the news from nobody else',
    file: 'server/src/hub.ts',
    find: 'attempt(() => meter.rowsOut(tell(news, followers)));\n      for (const stream of followers) attempt(() => meter.rowsOut(stream.catchUp()));',
    replace:
      'meter.rowsOut(tell(news, followers));\n      for (const stream of followers) meter.rowsOut(stream.catchUp());',
    test: {
      file: 'server/test/hub-batch-news.test.ts',
      title: '[HB27] a store that fails to catch one collection up does not keep the news of the others',
    },
  },
  {
    rule: 'an ack leaves after its commit',
    file: 'server/src/commit-queue.ts',
    find: 'commit();\n      for (const outcome of outcomes) settle(outcome);',
    replace: 'for (const outcome of outcomes) settle(outcome);\n      commit();',
    test: {
      file: COMMIT_QUEUE,
      title: '[SQ6] a commit whose outcome is unknown fails by name, and no write is taken after it; reads go on',
    },
  },
  {
    rule: 'a commit is on the disk before it counts',
    file: 'server/src/sqlite-store.ts',
    find: 'PRAGMA synchronous = FULL;',
    replace: 'PRAGMA synchronous = OFF;',
    test: { file: 'server/test/sqlite-store.test.ts', title: '[MU12] a commit counts once it is on the disk' },
  },
  {
    rule: 'after a commit of unknown outcome nothing is written',
    file: 'server/src/commit-queue.ts',
    find: 'if (broken !== undefined) throw broken;',
    replace: '',
    test: {
      file: COMMIT_QUEUE,
      title: '[SQ6] a commit whose outcome is unknown fails by name, and no write is taken after it; reads go on',
    },
  },
  {
    rule: 'a commit that fails leaves nothing in the transaction that it shares',
    file: 'server/src/commit-queue.ts',
    find: "database.exec('ROLLBACK TO job; RELEASE job');",
    replace: "database.exec('RELEASE job');",
    test: {
      file: HUB_ATOMIC,
      title: '[HB25] a storage that fails at the last row of a batch leaves nothing of it, and other commits alone',
    },
  },
  {
    rule: 'an atomic push is stored whole or not at all',
    file: 'server/src/hub.ts',
    find: 'return atomic ? allOrNothing(groups, decision) : decision;',
    replace: 'return decision;',
    test: {
      file: HUB_ATOMIC,
      title:
        '[HB23] when one row is refused nothing is written, no seq taken, nobody told; the others are told of which',
    },
  },
  {
    rule: 'a refused row holds back no other',
    file: 'server/src/hub.ts',
    find: 'return atomic ? allOrNothing(groups, decision) : decision;',
    replace: 'return allOrNothing(groups, decision);',
    test: {
      file: HUB_PUSH,
      title: '[HB3] a poison row is refused by itself, and the rows around it are stored',
    },
  },
  {
    rule: 'a push that comes again takes no seq',
    file: 'server/src/merge-push.ts',
    find: "if (current !== undefined && sameState(current, merged)) return { kind: 'stored', draft };",
    replace: '',
    test: { file: HUB_PUSH, title: '[HB5] pushing the same again changes nothing and takes no seq' },
  },
  {
    rule: 'a delta merges only with what it was cut from, or a later row',
    file: 'server/src/merge-push.ts',
    find: '(current === undefined || (row.base ?? 0) > (draft.stored?.seq ?? 0))',
    replace: 'current === undefined',
    test: {
      file: HUB_PUSH,
      title: '[HB7] a delta on a row that the server lacks, or has only older, is asked for in full',
    },
  },
  {
    rule: 'a row whose stamps are ahead already can be edited',
    file: 'server/src/merge-push.ts',
    find: 'current !== undefined && ms <= newestMs(current) + 1 ? 0 : ms - now',
    replace: 'ms - now',
    test: {
      file: HUB_PUSH,
      title: '[TI1] a stamp more than 5 minutes ahead is refused, unless the row has one as late',
    },
  },
  {
    rule: 'nothing is written before authorize has answered',
    file: 'server/src/commit-permitted.ts',
    find: 'return hooks.some(({ isOpen }) => isOpen) ? { writes: [], result: undefined } : decision;',
    replace: 'return hooks.some(({ isOpen }) => isOpen) ? { ...decision, result: undefined } : decision;',
    test: {
      file: 'server/test/hub-authorize.test.ts',
      title: '[HB50] false or a reason refuses a row as forbidden, at once or later; the others are stored',
    },
  },
  {
    rule: 'who has not heard of tombstones that were purged pulls anew',
    file: 'server/src/purge-guard.ts',
    find: 'if (checkpoint === 0 || checkpoint >= purgedBefore) return false;',
    replace: 'return false;',
    test: {
      file: 'server/test/hub-purge.test.ts',
      title: '[HB29] a pull from before dropped tombstones is an error that says what to do',
    },
  },
  {
    rule: 'a session that follows, too, hears of every tombstone or is ended',
    file: 'server/src/stream.ts',
    find: 'if (cursor < store.purgedBefore(peer.tenant, collection)) {',
    replace: 'if (false) {',
    test: {
      file: 'server/test/hub-purge.test.ts',
      title: '[HB31] a session that has yet to hear of a tombstone when that is dropped is ended',
    },
  },
  {
    rule: 'a push is merged with nothing that its writer may not read',
    file: 'server/src/merge-push.ts',
    find: 'if (current === undefined || isReadable(draft, pushed)) return',
    replace: 'return',
    test: {
      file: HUB_LABELS,
      title: '[LB6] is not merged: what would be stored if it were not there is forbidden',
    },
  },
  {
    rule: 'such a push that came before is stored',
    file: 'server/src/merge-push.ts',
    find: "if (isToldAgain(current, incoming.state)) return { kind: 'stored', draft };",
    replace: '',
    test: {
      file: HUB_LABELS,
      title: '[LB7] what was stored and comes again, because its ack was lost, is stored; it takes no seq',
    },
  },
  {
    rule: 'followers are told of what they may not read any more',
    file: 'server/src/news.ts',
    find: 'return mayRead(reader, left) && !mayRead(reader, labels);',
    replace: 'return false;',
    test: {
      file: HUB_LABELS,
      title: '[LB2] when it leaves them, followers are told at once that it is revoked, or of the row',
    },
  },
  {
    rule: 'and so is who comes back',
    file: 'server/src/sqlite-reader.ts',
    find: 'if (query.after === 0) return whole;',
    replace: 'return whole;',
    test: {
      file: HUB_LABELS,
      title: '[LB2] who was away is told on the next pull; of what came back, of the row only',
    },
  },
  {
    rule: 'a deleted row keeps its labels',
    file: 'server/src/merge-push.ts',
    find: "if (stored !== undefined && isDeleted(merged)) return { kind: 'labels', labels: stored.labels };",
    replace: '',
    test: { file: HUB_LABELS, title: '[LB4] a deleted row keeps the labels that it had' },
  },
];
