/** Where the packages are that are published, each after those it needs. */
export const published = ['packages/crdt', 'packages/protocol', 'packages/client', 'server'] as const;
