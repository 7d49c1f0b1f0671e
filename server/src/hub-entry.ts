/*
 * The hub without sockets, for this repository's own tests and tools. It may change in any release; whoever runs a
 * server imports the package itself.
 */
export { createHub, type Hub, type HubOptions, type Member } from './hub.ts';
export { createInbox, type Inbox } from './inbox.ts';
export type { Peer } from './stream.ts';
