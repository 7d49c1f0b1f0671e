import { createModelStore, createStoreData } from '../src/simulator/model-store.ts';
import { describeStore } from '../src/store-suite.ts';

let data = createStoreData();

/** In the order of asking, some time later. */
const soon = <T>(run: () => T): Promise<T> => Promise.resolve().then(run);

describeStore('of plain maps, which the simulation uses', {
  create(now) {
    data = createStoreData();
    return createModelStore(data, soon, now);
  },
  reopen: (now) => createModelStore(data, soon, now),
});
