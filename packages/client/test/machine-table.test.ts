import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BACKOFF } from '../src/connection/backoff.ts';
import { DEFAULT_BREAKER, isTripped } from '../src/connection/breaker.ts';
import { breakerStatusOf } from '../src/connection/breaker-status.ts';
import {
  type ConnectionEvent,
  type ConnectionState,
  HINT_INTERVAL_MS,
  initialState,
  statusOf,
  type Transition,
  transition,
  wakeAt,
} from '../src/connection/machine.ts';

const OPTIONS = { backoff: DEFAULT_BACKOFF, breaker: DEFAULT_BREAKER };

const EVENTS = {
  start: [{ type: 'start' }],
  pause: [{ type: 'pause' }],
  stop: [{ type: 'stop' }],
  retry: [{ type: 'retry' }],
  hint: [{ type: 'hint' }],
  timer: [{ type: 'timer' }],
  connected: [{ type: 'connected', spreadMs: 250 }],
  spread: [
    { type: 'spread', spreadMs: 250 },
    { type: 'spread', spreadMs: 8_000 },
  ],
  lost: [
    { type: 'lost', cause: 'weather' },
    { type: 'lost', cause: 'come back later', floorMs: 7_000 },
  ],
  'sync-failed': [{ type: 'sync-failed', cause: 'disk full' }],
  'sync-succeeded': [{ type: 'sync-succeeded' }],
  'token-refused': [{ type: 'token-refused', reason: 'expired' }],
  fail: [{ type: 'fail', reason: 'no version is shared' }],
} satisfies { [T in ConnectionEvent['type']]: readonly Extract<ConnectionEvent, { readonly type: T }>[] };

/** Time that passes between two events, in milliseconds: none, and enough for the next hint to count. */
const PAUSES_MS = [0, HINT_INTERVAL_MS];
const CHANCES = [0, 0.999];
const LONGEST_HALT_MS = 330_000;

interface Step extends Transition {
  readonly from: ConnectionState;
  readonly event: ConnectionEvent;
  readonly now: number;
}

/** A state as far as its timers and failures go. */
type Label = Exclude<ConnectionState['name'], 'live'> | 'live(new)' | 'live(lasting)';

function labelOf(state: ConnectionState): Label {
  if (state.name !== 'live') return state.name;
  return state.lastsAt === undefined ? 'live(lasting)' : 'live(new)';
}

/** States of the same key answer every event alike. */
function keyOf(state: ConnectionState): string {
  const { linkFailures, syncFailures } = state.breaker;
  const most = DEFAULT_BREAKER.failures + 1;
  const isHintFresh = state.since - state.hintedAt < HINT_INTERVAL_MS;
  const halt = state.name === 'paused' ? state.halt : undefined;
  return [labelOf(state), Math.min(linkFailures, most), Math.min(syncFailures, most), isHintFresh, halt].join();
}

/** Whatever the machine can do: every event in every state that it can come to. */
function explore(): Step[] {
  const steps: Step[] = [];
  const seen = new Map<string, ConnectionState>();
  const left = [initialState(0), initialState(0, { probeAt: 100_000, cause: 'no network' })];
  for (let from = left.pop(); from !== undefined; from = left.pop()) {
    if (seen.has(keyOf(from))) continue;
    seen.set(keyOf(from), from);
    for (const event of Object.values(EVENTS).flat()) {
      for (const pauseMs of PAUSES_MS) {
        for (const random of CHANCES) {
          const now = from.since + pauseMs;
          const next = transition(from, event, OPTIONS, { now, random });
          steps.push({ ...next, from, event, now });
          left.push(next.state);
        }
      }
    }
  }
  return steps;
}

const STEPS = explore();
const LABELS = [...new Set(STEPS.map(({ from }) => labelOf(from)))].sort();

const hasSocket = ({ name }: ConnectionState) => name === 'connecting' || name === 'live';
const hasTimer = (state: ConnectionState) => ['connecting', 'live(new)', 'offline', 'halted'].includes(labelOf(state));
/** Whoever has failed may fail anew, for another reason. */
const enters = ({ from, state }: Step) => from.name !== state.name || (from.name === 'failed' && from !== state);

describe('the machine of the connection', () => {
  it('[CN18] every event in every state that can be reached leads to one of them', () => {
    const cells = new Set(STEPS.map(({ from, event }) => `${labelOf(from)} ${event.type}`));
    expect(LABELS).toHaveLength(9);
    expect(cells.size).toBe(LABELS.length * Object.keys(EVENTS).length);
    expectOfEach(({ state }) => LABELS.includes(labelOf(state)));
  });

  it('[CN20] there is a socket while connecting and live, and never a second one', () => {
    expectOfEach((step) => {
      const opens = step.state.name === 'connecting' && enters(step);
      const closes = hasSocket(step.from) && (opens || !hasSocket(step.state));
      const effects = [...(closes ? ['close-socket'] : []), ...(opens ? ['open-socket'] : [])];
      return String(step.effects) === String(effects);
    });
  });

  it('[CN12] a state has a timer or none, and its time has not gone by when the state is entered', () => {
    expectOfEach((step) => {
      const at = wakeAt(step.state);
      if (at === undefined || !hasTimer(step.state)) return at === undefined && !hasTimer(step.state);
      return !enters(step) || (at >= step.now && at <= step.now + LONGEST_HALT_MS);
    });
  });

  it('[CN20] the breaker is open while halted and closed while offline', () => {
    expectOfEach(({ state: { name, breaker } }) => {
      const isOpen = isTripped(breaker, DEFAULT_BREAKER);
      return (name !== 'halted' || isOpen) && (name !== 'offline' || !isOpen);
    });
  });

  it('[CN20] a failure is counted once, and only a success forgets', () => {
    expectOfEach(({ from, state, event }) => {
      // As an earlier run of the app had left it.
      if (from.name === 'paused' && state.name === 'halted') return true;
      const { linkFailures, syncFailures } = from.breaker;
      const isFailure = hasSocket(from) && (state.name === 'offline' || state.name === 'halted');
      const isSync = event.type === 'sync-failed';
      const addsLink = isFailure && !isSync && labelOf(from) !== 'live(lasting)';
      const addsSync = isFailure && isSync;
      const forgetsLinks = labelOf(from) === 'live(new)' && event.type === 'timer';
      const forgetsSyncs = from.name === 'live' && event.type === 'sync-succeeded';
      return (
        state.breaker.linkFailures === (forgetsLinks ? 0 : linkFailures + Number(addsLink)) &&
        state.breaker.syncFailures === (forgetsSyncs ? 0 : syncFailures + Number(addsSync))
      );
    });
  });

  it('[CN18] an event that changes nothing answers the very same state, and nothing leads out of stopped', () => {
    expectOfEach((step) => {
      const { from, state, effects } = step;
      if (state === from) return effects.length === 0;
      const isCounted = state.breaker.syncFailures !== from.breaker.syncFailures;
      const isSpread = state.name === 'live' && from.name === 'live' && state.spreadMs !== from.spreadMs;
      return from.name !== 'stopped' && (labelOf(state) !== labelOf(from) || isCounted || isSpread || enters(step));
    });
  });

  it('[CN18] the status names the state, and the time since when', () => {
    expectOfEach((step) => {
      const { state, since } = statusOf(step.state);
      return state === step.state.name && since === (enters(step) ? step.now : step.from.since);
    });
  });

  it('[SS4] the breaker is shown open only without a socket, half-open only with one, and its probe when there will be one', () => {
    expectOfEach(({ state }) => {
      const { state: shown, failures, threshold, probeAt } = breakerStatusOf(state, DEFAULT_BREAKER);
      return (
        (hasSocket(state) === (shown === 'half-open') || shown === 'closed') &&
        failures >= threshold === (shown !== 'closed') &&
        probeAt === (state.name === 'halted' ? wakeAt(state) : undefined)
      );
    });
  });

  it('[SS4] what becomes of a half-open breaker is open or closed, by a failure or a success', () => {
    const shown = (state: ConnectionState) => breakerStatusOf(state, DEFAULT_BREAKER).state;
    const isOrder = ({ event }: Step) => ['pause', 'stop', 'fail', 'token-refused'].includes(event.type);
    const ends = STEPS.filter(
      (step) => !isOrder(step) && shown(step.from) === 'half-open' && shown(step.state) !== 'half-open',
    );
    const made = new Set(ends.map(({ from, event, state }) => `${labelOf(from)} ${event.type}: ${shown(state)}`));
    expect([...made].sort()).toEqual([
      'connecting lost: open',
      'connecting timer: open',
      'live(lasting) lost: open',
      'live(lasting) sync-failed: open',
      'live(lasting) sync-succeeded: closed',
      'live(new) lost: open',
      'live(new) sync-failed: open',
      'live(new) sync-succeeded: closed',
      'live(new) timer: closed',
    ]);
  });

  it('[CN18] its transitions are those that docs/ARCHITECTURE.md draws', () => {
    const made = STEPS.filter(({ from, state }) => from.name !== state.name).map(
      ({ from, event, state }) => `${from.name} --> ${state.name}: ${event.type}`,
    );
    expect(readDiagram()).toEqual([...new Set(made)].sort());
  });
});

function expectOfEach(holds: (step: Step) => boolean): void {
  expect(STEPS.filter((step) => !holds(step)).map(describeStep)).toEqual([]);
}

function describeStep({ from, event, state }: Step): string {
  return `${JSON.stringify(from)}, ${JSON.stringify(event)} → ${JSON.stringify(state)}`;
}

/** The drawn transitions, and those from every state of which the text beside it speaks. */
function readDiagram(): string[] {
  const text = readFileSync(new URL('../../../docs/ARCHITECTURE.md', import.meta.url), 'utf8');
  const drawing = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  // Mermaid's own names have no hyphens.
  const aliases = new Map(
    [...drawing.matchAll(/^ {2}state "(.+)" as (.+)$/gm)].map(([, name, alias]) => [alias, name]),
  );
  const nameOf = (drawn = '') => aliases.get(drawn) ?? drawn;
  const drawn = [...drawing.matchAll(/^ {2}(\S+) --> (\S+): (.+)$/gm)].flatMap(([, from, to, labels = '']) =>
    labels.split(', ').map((label) => `${nameOf(from)} --> ${nameOf(to)}: ${eventOf(label)}`),
  );
  const names = new Set(STEPS.map(({ from }) => from.name));
  const fromEverywhere = Object.entries({ pause: 'paused', fail: 'failed', stop: 'stopped' }).flatMap(([event, to]) =>
    [...names].filter((from) => from !== to && from !== 'stopped').map((from) => `${from} --> ${to}: ${event}`),
  );
  return [...new Set([...drawn, ...fromEverywhere])].sort();
}

/** Beside the event a label may say when it leads there. */
function eventOf(label: string): string {
  return label.split(' ').find((word) => Object.hasOwn(EVENTS, word)) ?? label;
}
