import { type AwarenessEntry, decodeAwareness } from './y-message.ts';

/** Who is in a room under which Yjs client id, and what each says of itself. `M` is a member of the room. */
export interface Presence<M> {
  /** Takes what a member says. Answers what is to be told to everybody, the member too. */
  hear(member: M, entries: Uint8Array): AwarenessEntry[];
  /** Everybody's states; the member is told of changes from now on. */
  tell(member: M): AwarenessEntry[];
  isTold(member: M): boolean;
  /** A struct under this id came from the member: it is its own, if the member has none and the id is new here. */
  nameByStruct(member: M, clientId: number): void;
  /** Who is in the room under this id. */
  ownerOf(clientId: number): M | undefined;
  /** The member is gone. Answers what is to be told to everybody. */
  leave(member: M): AwarenessEntry[];
  /** Of these ids, as it is now. */
  of(clientIds: Iterable<number>): AwarenessEntry[];
}

export interface PresenceOptions<M> {
  readonly userOf: (member: M) => string;
  /** A member names an id of the same user, whose owner is there. The owner's socket may be dead. */
  readonly onContest: (owner: M) => void;
}

/** In bytes of JSON. */
export const MAX_STATE_BYTES = 16 * 1024;

/** Ids that one member has. A provider has one; who has many fills everybody's memory. */
const MAX_IDS_PER_MEMBER = 8;

/** Ids of members that have left: known, so that whoever only repeats them does not get them. */
const MAX_FORMER_IDS = 1_000;

interface Identity<M> {
  /** Undefined: it has left. */
  owner: M | undefined;
  readonly user: string;
  /** With which it was told of last. {@link UNSEEN}: it has never said anything. */
  clock: number;
  /** The same, to its owner: what that says again of itself has no later one. */
  ownerClock: number;
  state: string;
  /** Who gets it when the owner leaves, and what it then says. */
  claim?: Claim<M> | undefined;
}

interface Claim<M> {
  readonly member: M;
  readonly clock: number;
  readonly state: string;
}

const GONE = 'null';
/** No clock that is sent: y-protocols passes over a first state with the clock 0, and that is how its own begins. */
const UNSEEN = 0;

/**
 * An id belongs to the member that names it before the server has named it to the member. For y-websocket says again
 * whatever it hears of others: that is no naming, also when the other one has left meanwhile.
 */
export function createPresence<M extends object>({ userOf, onContest }: PresenceOptions<M>): Presence<M> {
  const identities = new Map<number, Identity<M>>();
  const idsByMember = new Map<M, Set<number>>();
  const told = new WeakSet<M>();

  return {
    hear: (member, bytes) => decodeAwareness(bytes).flatMap((entry) => take(member, entry)),
    tell(member) {
      told.add(member);
      for (const identity of identities.values()) renew(identity, member);
      return of(identities.keys()).filter(({ state }) => state !== GONE);
    },
    isTold: (member) => told.has(member),
    nameByStruct(member, clientId) {
      if (!idsByMember.has(member) && !identities.has(clientId)) give(clientId, member, UNSEEN);
    },
    ownerOf: (clientId) => identities.get(clientId)?.owner,
    leave(member) {
      const ids = idsByMember.get(member) ?? [];
      idsByMember.delete(member);
      for (const identity of identities.values()) if (identity.claim?.member === member) identity.claim = undefined;
      const news = [...ids].flatMap(release);
      forgetFormer();
      return news;
    },
    of,
  };

  function take(member: M, entry: AwarenessEntry): AwarenessEntry[] {
    const { clientId, state } = entry;
    if (!isState(state)) return [];
    const identity = own(member, entry);
    if (identity === undefined) return [];
    // Nothing new: what it was told itself, said again.
    if (state === identity.state && (state === GONE || entry.clock <= identity.ownerClock)) return [];
    return say(clientId, identity, entry);
  }

  /** The member's identity under this id; undefined: it is another's, or nobody's. */
  function own(member: M, { clientId, clock, state }: AwarenessEntry): Identity<M> | undefined {
    const identity = identities.get(clientId);
    if (identity?.owner === member) return identity;
    if (identity?.claim?.member === member) identity.claim = { member, clock, state };
    if (state === GONE || (idsByMember.get(member)?.size ?? 0) >= MAX_IDS_PER_MEMBER) return undefined;
    if (identity === undefined) return give(clientId, member, UNSEEN);
    if (told.has(member) || identity.user !== userOf(member)) return undefined;
    if (identity.owner === undefined) return give(clientId, member, identity.clock);
    identity.claim = { member, clock, state };
    onContest(identity.owner);
    return undefined;
  }

  function give(clientId: number, member: M, clock: number): Identity<M> {
    const identity: Identity<M> = { owner: member, user: userOf(member), clock, ownerClock: clock, state: GONE };
    identities.set(clientId, identity);
    idsByMember.set(member, (idsByMember.get(member) ?? new Set()).add(clientId));
    return identity;
  }

  /**
   * Others take a state only with a later clock than the last. A client that only lost its link comes back with the one that
   * it left with, so that the clock is set here; it hears of that, and goes on from there. What it said before it heard may
   * be one behind.
   */
  function say(clientId: number, identity: Identity<M>, { clock, state }: Omit<AwarenessEntry, 'clientId'>) {
    identity.clock = Math.max(clock, state === GONE ? identity.clock : identity.clock + 1);
    identity.ownerClock = identity.clock;
    identity.state = state;
    return [{ clientId, clock: identity.clock, state }];
  }

  /** Who comes back has dropped the states of all others and still knows their clocks: it takes later ones only. */
  function renew(identity: Identity<M>, member: M): void {
    if (identity.state !== GONE && identity.owner !== member) identity.clock += 1;
  }

  function release(clientId: number): AwarenessEntry[] {
    const identity = identities.get(clientId);
    if (identity === undefined) return [];
    const { claim, state, clock } = identity;
    // Behind all others that have left.
    identities.delete(clientId);
    identities.set(clientId, { owner: undefined, user: identity.user, clock, ownerClock: clock, state: GONE });
    if (claim !== undefined) return say(clientId, give(clientId, claim.member, clock), claim);
    return state === GONE ? [] : [{ clientId, clock, state: GONE }];
  }

  function of(clientIds: Iterable<number>): AwarenessEntry[] {
    return [...clientIds].flatMap((clientId) => {
      const { clock = UNSEEN, state = GONE } = identities.get(clientId) ?? {};
      return clock === UNSEEN ? [] : [{ clientId, clock, state }];
    });
  }

  function forgetFormer(): void {
    const former = [...identities].filter(([, { owner }]) => owner === undefined);
    for (const [clientId] of former.slice(0, Math.max(0, former.length - MAX_FORMER_IDS))) identities.delete(clientId);
  }
}

/** An object, or null, as JSON. */
function isState(state: string): boolean {
  if (state === GONE) return true;
  if (Buffer.byteLength(state) > MAX_STATE_BYTES || !state.startsWith('{')) return false;
  try {
    JSON.parse(state);
    return true;
  } catch {
    return false;
  }
}
