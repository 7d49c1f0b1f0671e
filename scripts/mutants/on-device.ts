import type { SourceMutant } from './source-mutant.ts';

const SYNC = 'packages/client/src/sync';
const STORAGE = 'packages/client/src/storage';

const BAD_INPUT = 'packages/testing/test/bad-input.test.ts';
const BATCH = 'packages/testing/test/batch.test.ts';
const BATCH_UP = 'packages/client/test/batch-up.test.ts';
const COLLECTION_SYNC = 'packages/client/test/collection-sync.test.ts';
const EPOCH = 'packages/testing/test/epoch.test.ts';
const LABELS = 'packages/testing/test/labels.test.ts';
const LOCAL_REVOKED = 'packages/client/test/local-revoked.test.ts';
const LOCAL_ROWS = 'packages/client/test/local-rows.test.ts';
const LWT_CLOCK = 'packages/client/test/lwt-clock.test.ts';
const PENDING_ROWS = 'packages/client/test/pending-rows.test.ts';
const PURGE = 'packages/testing/test/purge.test.ts';
const RECORD = 'packages/client/test/record.test.ts';
const SET_BACK = 'packages/client/test/set-back.test.ts';
const TIMELINE = 'packages/client/test/connection-timeline.test.ts';

/** What the loop on a device holds to, on its way down, up and back. */
export const ON_DEVICE: readonly SourceMutant[] = [
  {
    rule: 'news of a row over a gap is not merged with what came before it',
    file: 'packages/client/src/sync/down.ts',
    find: 'if (later.base !== undefined && later.base > earlier.seq) return later;',
    replace: '',
    test: {
      file: 'packages/client/test/down.test.ts',
      title: '[SY3] need nothing of what came before a gap, whose end is here or asked for',
    },
  },
  {
    rule: 'news of a row that is not here is left out, and asked for',
    file: 'packages/client/src/storage/local-rows.ts',
    find: 'if (isHere(row, stored)) return mergeRow',
    replace: 'return mergeRow',
    test: {
      file: 'packages/client/test/capture.production.test.ts',
      title: '[SY3] what is new in a text, told in pieces, is merged piece by piece on top of what is here',
    },
  },
  {
    rule: 'rows are stored before the checkpoint',
    file: `${SYNC}/down.ts`,
    find: 'if (remote.length > 0) onPending(await mergeRows(remote, (id) => lacking.add(id)));',
    replace: 'if (remote.length > 0) void mergeRows(remote, (id) => lacking.add(id)).then(onPending);',
    test: { file: COLLECTION_SYNC, title: '[MU4] move the checkpoint before the rows are stored' },
  },
  {
    rule: 'a session that has ended moves no checkpoint',
    file: `${SYNC}/down.ts`,
    find: 'if (!session.signal.aborted && news.checkpoint > 0)',
    replace: 'if (news.checkpoint > 0)',
    test: { file: COLLECTION_SYNC, title: '[MU5] move the checkpoint by what a session that has ended had said' },
  },
  {
    rule: 'what it had said and nobody had begun to store is left',
    file: `${SYNC}/down.ts`,
    find: 'store(batch.filter(({ session }) => !session.signal.aborted))',
    replace: 'store(batch)',
    test: { file: COLLECTION_SYNC, title: '[MU5] store what such a session had said and nobody had begun to store' },
  },
  {
    rule: 'nor does a collection count as pulled by it',
    file: `${SYNC}/collection-sync.ts`,
    find: 'if (session.signal.aborted) return;\n    if (!owesLabels(session)) caughtUp = session;',
    replace: 'if (!owesLabels(session)) caughtUp = session;',
    test: { file: COLLECTION_SYNC, title: '[MU5] count as pulled by a page that came too late to be stored' },
  },
  {
    rule: 'a row that cannot be read holds up no other',
    file: `${SYNC}/down.ts`,
    find: 'onUnreadable(id, error);',
    replace: 'throw error;',
    test: {
      file: COLLECTION_SYNC,
      title: '[MU14] let a row that cannot be read hold up the others: it is named, and left out',
    },
  },
  {
    rule: 'nothing is saved after stop()',
    file: `${SYNC}/collection-sync.ts`,
    find: 'if (stopped) return;\n    cancelSave',
    replace: 'cancelSave',
    test: { file: COLLECTION_SYNC, title: '[MU6] save anything after stop()' },
  },
  {
    rule: 'nothing is pushed after stop()',
    file: `${SYNC}/collection-sync.ts`,
    find: 'while (!session.signal.aborted && !stopped) {',
    replace: 'while (!session.signal.aborted) {',
    test: { file: COLLECTION_SYNC, title: '[MU6] push after stop()' },
  },
  {
    rule: 'nothing begins after stop()',
    file: `${SYNC}/collection-sync.ts`,
    find: 'if (session.signal.aborted || stopped) return;\n      const pushes',
    replace: 'if (session.signal.aborted) return;\n      const pushes',
    test: { file: COLLECTION_SYNC, title: '[MU6] begin anything after stop()' },
  },
  {
    rule: 'nothing is pushed before a pull was answered',
    file: `${SYNC}/collection-sync.ts`,
    find: 'return answered === session && unknownTo',
    replace: 'return unknownTo',
    test: { file: COLLECTION_SYNC, title: '[MU7] push before the server has answered a pull' },
  },
  {
    rule: 'nor a batch',
    file: `${SYNC}/collection-sync.ts`,
    find: 'mayPush: (session) => answered === session && ',
    replace: 'mayPush: () => ',
    test: { file: COLLECTION_SYNC, title: '[MU7] push before the server has answered a pull' },
  },
  {
    rule: 'nothing is pushed before a sweep is over',
    file: `${SYNC}/collection-sync.ts`,
    find: 'unknownTo !== session && record.value.sweep === false;',
    replace: 'unknownTo !== session;',
    test: { file: COLLECTION_SYNC, title: '[MU7] push before a sweep is over' },
  },
  {
    rule: 'nor is a batch',
    file: `${SYNC}/collection-sync.ts`,
    find: 'mayPush: (session) => answered === session && record.value.sweep === false,',
    replace: 'mayPush: (session) => answered === session,',
    test: { file: COLLECTION_SYNC, title: '[MU7] push before a sweep is over' },
  },
  {
    rule: 'what the server has no collection for is not offered to it in the same session',
    file: `${SYNC}/collection-sync.ts`,
    find: 'answered === session && unknownTo !== session && ',
    replace: 'answered === session && ',
    test: { file: COLLECTION_SYNC, title: '[BI9] offer a server in the same session what it has no collection for' },
  },
  {
    rule: 'a sweep that was cut off is not over',
    file: `${SYNC}/collection-sync.ts`,
    find: 'if (session.signal.aborted) return;\n    }\n    await record.set({ sweep: false });',
    replace: '}\n    await record.set({ sweep: false });',
    test: {
      file: COLLECTION_SYNC,
      title: '[PG3] take a sweep for over whose session ended before everything was removed',
    },
  },
  {
    rule: 'a sweep spares what the server has never had',
    file: `${SYNC}/sweep.ts`,
    find: 'seq !== undefined && seq <= checkpoint && ',
    replace: '',
    test: { file: PURGE, title: '[PG2] what was inserted there meanwhile goes up' },
  },
  {
    rule: 'a row that was seen later than the sweep stays',
    file: `${STORAGE}/set-back.ts`,
    find: '(local.seq ?? 0) > upToSeq || ',
    replace: '',
    test: { file: SET_BACK, title: '[RF7] a row that was seen later than it should be stays' },
  },
  {
    rule: 'a collection is caught up once all of the last page is stored',
    file: `${SYNC}/collection-sync.ts`,
    find: 'await page.applied;\n    if (sweep',
    replace: 'if (sweep',
    test: { file: COLLECTION_SYNC, title: '[MU9] count as caught up before what was pulled is stored' },
  },
  {
    rule: 'after a new epoch every row is sent in full',
    file: `${SYNC}/collection-sync.ts`,
    find: 'if (resend) for (const { id } of changes) pending.requireWhole(id);',
    replace: '',
    test: {
      file: EPOCH,
      title: '[EP1] to fewer commits: the client pushes every row in full and pulls from the start',
    },
  },
  {
    rule: 'and everything is pulled from the start',
    file: `${SYNC}/collection-sync.ts`,
    find: 'checkpoint = 0;\n    // From here on',
    replace: '// From here on',
    test: { file: COLLECTION_SYNC, title: '[EP2] a server of another epoch is asked for everything from the start' },
  },
  {
    rule: 'so it is for a collection that is removed and made again',
    file: `${SYNC}/record.ts`,
    find: 'if (stored.collectionRev === collectionRev)\n    return',
    replace: 'return',
    test: {
      file: RECORD,
      title: '[MU16] a collection that is removed and made again is pulled from the start, and swept',
    },
  },
  {
    rule: 'who writes one thing of the record leaves what another tab has written',
    file: `${SYNC}/record.ts`,
    find: '({ ...value, ...other, ...change })',
    replace: '({ ...value, ...change })',
    test: { file: RECORD, title: '[TB5] who writes one thing leaves what another has written since' },
  },
  {
    rule: 'until every row was looked at again, nothing counts as clean',
    file: `${SYNC}/collection-sync.ts`,
    find: 'const isClean = isScanned && pending.rows === 0',
    replace: 'const isClean = pending.rows === 0',
    test: {
      file: COLLECTION_SYNC,
      title: '[EP4] a save while every row is being looked at again does not call the collection clean',
    },
  },
  {
    rule: 'a look at them that a new epoch has overtaken does not count',
    file: `${SYNC}/collection-sync.ts`,
    find: 'if (count !== scanCount) return;\n    isScanned = true;',
    replace: 'isScanned = true;',
    test: {
      file: COLLECTION_SYNC,
      title: '[EP4] a look at every row that another epoch has overtaken does not count',
    },
  },
  {
    rule: 'what a server that was set back has lost is no sign of a purge',
    file: `${SYNC}/collection-sync.ts`,
    find: 'if (record.value.resend) return rows.mergeRows(remote, undefined, onLacking);',
    replace: '',
    test: { file: COLLECTION_SYNC, title: '[MU15] take for purged what a server that was set back has lost' },
  },
  {
    rule: 'while acks are still to be written, nothing counts as clean',
    file: `${SYNC}/collection-sync.ts`,
    find: 'pending.rows === 0 && rows.lateAcks.count === 0;',
    replace: 'pending.rows === 0;',
    test: { file: COLLECTION_SYNC, title: '[AR9] call the collection clean while acks are still to be written' },
  },
  {
    rule: 'its seqs count, however small',
    file: `${SYNC}/collection-sync.ts`,
    find: 'const isAnotherLife = record.value.resend;',
    replace: 'const isAnotherLife = false;',
    test: { file: COLLECTION_SYNC, title: '[MU15] take for purged what a server that was set back has lost' },
  },
  {
    rule: 'a row that the server lacks is sent again in full',
    file: `${SYNC}/up.ts`,
    find: 'pending.requireWhole(row.id);',
    replace: '',
    test: { file: COLLECTION_SYNC, title: '[EP3] what the server must have in full it gets in full' },
  },
  {
    rule: 'a row as a whole is pending until the whole was stored',
    file: `${SYNC}/pending-rows.ts`,
    find: 'wholeIds.has(id) ? Math.max(1, bytes) : bytes',
    replace: 'bytes',
    test: {
      file: PENDING_ROWS,
      title: '[PE5] a row whose whole is asked for stays pending until the whole was stored',
    },
  },
  {
    rule: 'a late ack hides no newer write',
    file: `${SYNC}/pending-rows.ts`,
    find: 'if (!isLate) set(',
    replace: 'set(',
    test: {
      file: PENDING_ROWS,
      title: '[PE2] an ack that is heard of after a newer local write does not hide that write',
    },
  },
  {
    rule: 'a row is in one push at a time',
    file: `${SYNC}/pending-rows.ts`,
    find: 'if (isBatched || takenHeightById.has(id)) continue;',
    replace: 'if (isBatched) continue;',
    test: { file: PENDING_ROWS, title: '[PE3] a row is taken by one push at a time' },
  },
  {
    rule: 'a row that changed while it was found clean stays pending',
    file: `${SYNC}/pending-rows.ts`,
    find: 'if (!hasChanged) set(',
    replace: 'set(',
    test: {
      file: PENDING_ROWS,
      title: '[PE4] a taken row that was found clean is dropped, unless it has changed meanwhile',
    },
  },
  {
    rule: 'rows of a batch never go up alone',
    file: `${SYNC}/pending-rows.ts`,
    find: 'if (isBatched || takenHeightById.has(id)) continue;',
    replace: 'if (takenHeightById.has(id)) continue;',
    test: { file: PENDING_ROWS, title: '[MU8] a row of a batch is never taken alone' },
  },
  {
    rule: 'nor if they become part of it while they are read',
    file: `${SYNC}/up.ts`,
    find: 'found.filter(({ batches }) => batches.size === 0)',
    replace: 'found',
    test: {
      file: COLLECTION_SYNC,
      title: '[MU8] push a row alone that has become part of a batch while it was read',
    },
  },
  {
    rule: 'a batch that is still being written is not pushed',
    file: `${SYNC}/batch-up.ts`,
    find: "if (journal?.state === 'writing') return undefined;",
    replace: '',
    test: {
      file: BATCH_UP,
      title: '[BT1] a document that becomes part of another batch while it is being read waits for all of that',
    },
  },
  {
    rule: 'nor a row of it that was read before it began',
    file: `${SYNC}/batch-up.ts`,
    find: 'if (rowsOf(drafted).some((row) => [...row.batches].some((batch) => !batches.includes(batch)))) return;',
    replace: '',
    test: {
      file: BATCH_UP,
      title: '[BT1] a document that becomes part of another batch while it is being read waits for all of that',
    },
  },
  {
    rule: 'a batch goes up whole, never the rows of it that are free',
    file: `${SYNC}/pending-rows.ts`,
    find: 'if (ids.some((id) => takenHeightById.has(id))) return false;',
    replace: '',
    test: {
      file: PENDING_ROWS,
      title: '[PE3] a batch takes all of its rows, or none while one of them is on its way',
    },
  },
  {
    rule: 'a batch of which one row is only to be stamped anew does not go back',
    file: `${SYNC}/batch-up.ts`,
    find: "refused.filter(({ code }) => !isAhead || code !== 'batch-refused')",
    replace: 'refused',
    test: { file: BATCH_UP, title: '[MU13] of which one row is only to be stamped anew does not go back' },
  },
  {
    rule: 'what goes back is not stamped anew',
    file: `${SYNC}/batch-up.ts`,
    find: 'goesBack === undefined ? {} : { ahead: [] }',
    replace: '{}',
    test: { file: BATCH_UP, title: '[BT2] what goes back is not stamped anew before' },
  },
  {
    rule: 'a batch waits until each of its collections may be pushed',
    file: `${SYNC}/batch-up.ts`,
    find: 'if (ids.length > 0 && !member.mayPush(session)) return undefined;',
    replace: '',
    test: { file: BATCH_UP, title: '[MU7] wait until each of their collections may be pushed' },
  },
  {
    rule: 'a batch of which not everything was stored is not forgotten',
    file: `${SYNC}/batch-up.ts`,
    find: 'else await pushTaken(session, together);',
    replace: 'else await pushTaken(session, together).then(() => forget(together));',
    test: { file: BATCH_UP, title: '[BT5] of which not everything was stored is not forgotten' },
  },
  {
    rule: 'a batch of which a document cannot be written is undone',
    file: `${SYNC}/write-batch.ts`,
    find: 'await undo(database, journal);\n      const fatal',
    replace: 'const fatal',
    test: {
      file: BATCH,
      title: '[BT3] of which a later document cannot be written leaves nothing of the ones before',
    },
  },
  {
    rule: 'and one that the storage fails in the middle of',
    file: `${SYNC}/write-batch.ts`,
    find: 'if (!(error instanceof BatchError)) await undo(database, journal);',
    replace: '',
    test: {
      file: BATCH,
      title: '[BT3] that the storage fails in the middle of leaves nothing, and what was there before',
    },
  },
  {
    rule: 'what another tab may still be writing is not undone',
    file: `${SYNC}/undo-batch.ts`,
    find: 'isOld(journal) && ',
    replace: '',
    test: {
      file: 'packages/client/test/batch-crash.test.ts',
      title: '[BT4] another tab may still be at it: only what is older than 30 s is undone',
    },
  },
  {
    rule: 'undoing spares what the user has written since',
    file: `${SYNC}/undo-batch.ts`,
    find: 'isAsWritten(stored, entry) ? restored(captured, stored, entry) : freed(captured, stored, batch)',
    replace: 'restored(captured, stored, entry)',
    test: {
      file: 'packages/client/test/batch-crash.test.ts',
      title: "[BT4] what the user wrote onto it since is the user's, and belongs to no batch",
    },
  },
  {
    rule: 'a refusal is written down before the first row of the batch goes back',
    file: `${SYNC}/batch-up.ts`,
    find: 'for (const batch of batches) await refuseJournal(batch, { entries, refused });',
    replace: '',
    test: {
      file: BATCH_UP,
      title: '[BT2] what was refused stays refused when the session ends before all of it has gone back',
    },
  },
  {
    rule: 'nothing is merged into a batch that is being written',
    file: `${STORAGE}/batches-under-way.ts`,
    find: 'for (const batch of batches) await endByBatchByToken.get(token)?.get(batch);',
    replace: '',
    test: {
      file: BATCH,
      title: '[BT3] that cannot be written leaves nothing, even if news of its documents come in the middle',
    },
  },
  {
    rule: 'what an earlier session had taken is pushed over the next',
    file: `${SYNC}/collection-sync.ts`,
    find: '} finally {\n      // What this session had taken is free again only now: the next one may have found nothing to push, and waits.\n      work.fire();',
    replace: '} finally {',
    test: {
      file: COLLECTION_SYNC,
      title: '[SY2] a row that a lost session was still reading is pushed over the next one',
    },
  },
  {
    rule: 'a write that was overtaken is read and merged again',
    file: `${STORAGE}/local-rows.ts`,
    find: 'left = left.filter(({ id }) => overtaken.has(id));',
    replace: 'left = [];',
    test: { file: LOCAL_ROWS, title: '[LR5] nor is one that comes between the reading of a row and its writing' },
  },
  {
    rule: 'an ack clears nothing that has changed since the push',
    file: `${STORAGE}/local-rows.ts`,
    find: '[...pending].filter((path) => !isAcknowledged(plan, path, state, pushed.state))',
    replace: '[] as Path[]',
    test: { file: LOCAL_ROWS, title: '[AR2] a field that changed since it was pushed stays pending' },
  },
  {
    rule: 'nor any of a text that was edited since',
    file: `${STORAGE}/local-rows.ts`,
    find: 'return !kinds.has(field) || sameBytes(state.rich, pushed.rich);',
    replace: 'return true;',
    test: {
      file: 'packages/client/test/capture.production.test.ts',
      title: '[AR4] an ack clears content only as it was pushed',
    },
  },
  {
    rule: 'a field that was won elsewhere is pending no more',
    file: `${STORAGE}/local-rows.ts`,
    find: '[...pending].filter((path) => stampAt(before, path) === stampAt(after, path))',
    replace: 'pending',
    test: {
      file: LOCAL_ROWS,
      title: '[LR2] merges field by field into what is here; what was won elsewhere is pending no more',
    },
  },
  {
    rule: 'a write from a document that still shows old marks does not mark them again',
    file: `${STORAGE}/with-breakwater.ts`,
    find: 'row.previous && capture.acknowledged.refresh(row.previous as StoredDocument)',
    replace: 'row.previous as StoredDocument | undefined',
    test: {
      file: LOCAL_ROWS,
      title: '[AR3] a write through a document that still shows the old marks marks only what it changes',
    },
  },
  {
    rule: 'nor does one in another tab than that which was told of the ack',
    file: `${STORAGE}/with-breakwater.ts`,
    find: 'if (meta !== undefined) acknowledged.remember(document, meta);',
    replace: '',
    test: {
      file: 'packages/testing/test/tabs.memory.test.ts',
      title: '[TB7] what one tab was told is stored, the other does not push again',
    },
  },
  {
    rule: "news never sets a row's seq back",
    file: `${STORAGE}/local-rows.ts`,
    find: 'const seq = mayForget ? latest(local?.seq, remote.seq) : remote.seq;',
    replace: 'const seq = remote.seq;',
    test: { file: LOCAL_ROWS, title: '[LR9] news that another tab had later already is no sign of a purge' },
  },
  {
    rule: 'nor does an ack',
    file: `${STORAGE}/local-rows.ts`,
    find: 'isAnotherLife ? acknowledged : latest(rowMetaOf(stored)?.seq, acknowledged)',
    replace: 'acknowledged',
    test: {
      file: LOCAL_ROWS,
      title: '[LR9] nor is it after an ack that comes later than what another tab has heard of the row',
    },
  },
  {
    rule: 'only what comes later is a sign of a purge',
    file: `${STORAGE}/local-rows.ts`,
    find: 'seenSeq === undefined || seq <= seenSeq || state.partial',
    replace: 'seenSeq === undefined || state.partial',
    test: { file: LOCAL_ROWS, title: '[LR9] news that another tab had later already is no sign of a purge' },
  },
  {
    rule: 'nor is it a sign that the server lacks what is pending',
    file: `${STORAGE}/local-rows.ts`,
    find: '!pending.has(path) && stampAt(state, path) < stamp',
    replace: 'stampAt(state, path) < stamp',
    test: { file: LOCAL_ROWS, title: '[LR9] nor is it that the server lacks what is still to be pushed' },
  },
  {
    rule: 'what the user had written is kept before it goes',
    file: `${STORAGE}/local-rows.ts`,
    find: 'await keep?.(refused, ids);',
    replace: 'void keep?.(refused, ids);',
    test: { file: SET_BACK, title: '[RF7] what the user had written is kept before it is gone from the document' },
  },
  {
    rule: 'what was written after the push stays when the row goes back',
    file: `${STORAGE}/set-back.ts`,
    find: ': laterChanges(local, pushed, { server: server.state, plan: context.plan })',
    replace: ': NOTHING',
    test: { file: SET_BACK, title: '[RF5] what was written anew since is not kept as refused' },
  },
  {
    rule: 'a row of another generation does not go back',
    file: `${STORAGE}/set-back.ts`,
    find: 'if (local.state.generation !== pushed.state.generation) return undefined;',
    replace: '',
    test: {
      file: 'packages/testing/test/refused.test.ts',
      title: '[RF5] a document that is deleted and inserted anew while it is refused is the new one',
    },
  },
  {
    rule: 'a row that went back is written under a new Yjs id',
    file: `${STORAGE}/capture-contents.ts`,
    find: 'return (clientId ^ Math.imul(replaced, 0x9e3779b1)) >>> 0;',
    replace: 'return clientId;',
    test: {
      file: SET_BACK,
      title: '[RF6] the next edit has Yjs structs of its own: merged with what was refused, both texts are there',
    },
  },
  {
    rule: 'what is being made again is not made a second time meanwhile',
    file: `${SYNC}/inbox.ts`,
    find: '.filter(([key]) => !settlingKeys.has(key))',
    replace: '',
    test: {
      file: 'packages/client/test/inbox.test.ts',
      title: '[RF3] what is being made again is not made a second time meanwhile, and can be if that fails',
    },
  },
  {
    rule: 'refused a second time for its stamps, a row is in the inbox',
    file: `${SYNC}/up.ts`,
    find: "result.code === 'clock-ahead' && !restampedIds.has(row.id)",
    replace: "result.code === 'clock-ahead'",
    test: {
      file: COLLECTION_SYNC,
      title: '[MU10] stamp a row anew again and again: refused for its stamps a second time, it is the user’s to see',
    },
  },
  {
    rule: 'refused rows are no failure to the breaker',
    file: `${SYNC}/up.ts`,
    find: 'if (refused.length > 0) await onRefused(session, refused);\n',
    replace:
      "if (refused.length > 0) await onRefused(session, refused);\n    if (refused.length > 0) throw new Error('refused');\n",
    test: {
      file: 'packages/testing/test/rights.test.ts',
      title: '[MU11] is no failure: the session goes on, and the breaker does not count it',
    },
  },
  {
    rule: 'a success that is told late does not close the breaker',
    file: 'packages/client/src/connection/machine.ts',
    find: "return state.name === 'live' && state.breaker.syncFailures > 0\n        ? { state:",
    replace: 'return state.breaker.syncFailures > 0\n        ? { state:',
    test: {
      file: TIMELINE,
      title: '[CN8] a success that is told late does not close a breaker that has opened since',
    },
  },
  {
    rule: 'the rows of one tenant never reach another',
    file: `${SYNC}/binding.ts`,
    find: 'record.tenant !== undefined && record.tenant !== tenant',
    replace: 'false',
    test: {
      file: BAD_INPUT,
      title: "[BI3] another tenant's token on a used database fails by name; nothing is pulled or pushed",
    },
  },
  {
    rule: "one user's unsent changes never go up as another's",
    file: `${SYNC}/binding.ts`,
    find: ' && hasPending) {',
    replace: ' && false) {',
    test: {
      file: BAD_INPUT,
      title: '[BI5] another user is refused while changes of the last one are pending, and welcome after',
    },
  },
  {
    rule: 'refused changes are unsent, too',
    file: 'packages/client/src/engine.ts',
    find: 'return countPending().rows + inbox.records.length;',
    replace: 'return countPending().rows;',
    test: { file: BAD_INPUT, title: '[BI8] a refused row counts as unsent: another user is not let in' },
  },
  {
    rule: 'late events of an old socket touch nothing',
    file: 'packages/client/src/connection/connection.ts',
    find: 'if (!closed) dispatch(event);',
    replace: 'dispatch(event);',
    test: { file: TIMELINE, title: '[CN11] a late event of an old socket does not touch the new session' },
  },
  {
    rule: 'cleanup spares tombstones',
    file: `${STORAGE}/keep-tombstones.ts`,
    find: 'cleanup(NEVER_MS)',
    replace: 'cleanup(0)',
    test: {
      file: LOCAL_ROWS,
      title: '[CU1] purges no tombstone: an insert of its id replaces what was there, as everywhere else',
    },
  },
  {
    rule: 'last-write times grow',
    file: `${STORAGE}/lwt-clock.ts`,
    find: 'last = Math.max(now(), Math.round((last + STEP) * 100) / 100);',
    replace: 'last = now();',
    test: { file: LWT_CLOCK, title: '[SC4] grow even when the device clock is set back' },
  },
  {
    rule: 'the mark of the next scan passes no write that is on its way',
    file: `${STORAGE}/lwt-clock.ts`,
    find: 'return Math.min(stored, ...underWay.map((lwt) => lwt - STEP));',
    replace: 'return stored;',
    test: {
      file: LWT_CLOCK,
      title: '[SC5] nothing counts as settled that a write on its way to the storage could still undercut',
    },
  },
  {
    rule: 'who reads by other labels than before pulls everything anew',
    file: `${SYNC}/collection-sync.ts`,
    find: 'if (session.signal.aborted || !owesLabels(session)) return;',
    replace: 'return;',
    test: { file: LABELS, title: '[LB35] gets the older rows of those that it has gained' },
  },
  {
    rule: 'and has no more what that does not bring',
    file: `${SYNC}/collection-sync.ts`,
    find: "...(isFirst ? {} : { sweep: 'revoked' })",
    replace: '',
    test: {
      file: LABELS,
      title: '[LB35] has no more what it cannot read by the others; what was changed of it is in the inbox',
    },
  },
  {
    rule: 'what was revoked is not brought back by an ack from before',
    file: `${STORAGE}/local-rows.ts`,
    find: 'if (isMissing && acknowledged <= (rowMetaOf(stored)?.revokedAt ?? 0)) return undefined;',
    replace: '',
    test: { file: LOCAL_REVOKED, title: '[LB30] an ack that comes after a later revocation brings nothing back' },
  },
  {
    rule: 'only what is from the server is revoked, and no later than it was seen',
    file: `${STORAGE}/set-back.ts`,
    find: 'if ((local.seq ?? 0) > upToSeq || (isRevoked && local.seq === undefined)) return undefined;',
    replace: '',
    test: {
      file: LOCAL_REVOKED,
      title: '[LB30] what was never had from the server is not revoked, nor what has come back since',
    },
  },
  {
    rule: 'of a revoked document nothing is kept but what was changed',
    file: `${STORAGE}/set-back.ts`,
    find: 'const isPartial = isRevoked && !wasInserted;',
    replace: 'const isPartial = false;',
    test: {
      file: LABELS,
      title: '[LB32] what the user had changed of it is in the inbox: that, and nothing else of the document',
    },
  },
];
