export { type CuttableSockets, createCuttableSockets } from './cuttable-sockets.ts';
export type { Direction } from './fault-lane.ts';
export { type FaultProxy, type FrameCut, type PassedFrame, startFaultProxy } from './fault-proxy.ts';
export { createManualScheduler, type ManualScheduler, settlePromises } from './manual-scheduler.ts';
export { createRandom, type Random } from './random.ts';
export { type Behaviour, CONNECTED, createScriptedServer, type ScriptedServer } from './scripted-server.ts';
export {
  asRxCollection,
  openWorldClient,
  startWorldServer,
  type WorldClient,
  type WorldNotes,
  type WorldServer,
  worldCollections,
} from './world.ts';
