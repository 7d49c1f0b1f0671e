import { NO_STAMP } from '@breakwater/crdt';
import { createManualScheduler } from '@breakwater/testing';
import { describe, expect, it } from 'vitest';
import type { RoomEars, RoomSeat, Rooms } from '../src/live/rooms.ts';
import { createTabRooms, type RoomTabMessage, type TabRooms } from '../src/live/tab-rooms.ts';

const ROOM = { collection: 'notes', id: 'a', generation: NO_STAMP };
const bytes = (text: string) => new TextEncoder().encode(text);

interface Taken {
  readonly ears: RoomEars;
  readonly said: string[];
  isLeft: boolean;
}

/** The way of the leader into rooms: what was said there, and whoever sits there, to be spoken to. */
function createRooms(): Rooms & { readonly taken: Taken[] } {
  const taken: Taken[] = [];
  return {
    taken,
    join(_room, ears): RoomSeat {
      const seat: Taken = { ears, said: [], isLeft: false };
      taken.push(seat);
      return {
        send: (message) => void seat.said.push(new TextDecoder().decode(message)),
        leave: () => {
          seat.isLeft = true;
        },
      };
    },
  };
}

function createEars(): RoomEars & { readonly heard: string[] } {
  const heard: string[] = [];
  return {
    heard,
    onJoined: (isReadOnly) => void heard.push(isReadOnly ? 'joined to read' : 'joined'),
    onData: (message) => void heard.push(new TextDecoder().decode(message)),
    onLost: (code) => void heard.push(`lost ${code}`),
  };
}

/** Tabs that hear at once what another one posts, if it is structured so that it could be posted. */
function createTabs() {
  const scheduler = createManualScheduler();
  const tabs: TabRooms[] = [];
  const openTab = (name: string): TabRooms => {
    const post = (message: RoomTabMessage) => {
      for (const other of tabs) if (other !== tab) other.receive(structuredClone(message));
    };
    const tab: TabRooms = createTabRooms({ tab: name, post, scheduler });
    tabs.push(tab);
    return tab;
  };
  const close = (tab: TabRooms) => void tabs.splice(tabs.indexOf(tab), 1);
  return { scheduler, openTab, close };
}

describe('a tab that watches', () => {
  it('[LE13] sits in a room by way of the leader', () => {
    const { openTab } = createTabs();
    const [leader, watcher, third] = [openTab('l'), openTab('w'), openTab('t')];
    const rooms = createRooms();
    leader.lead(rooms);
    const [ears, others] = [createEars(), createEars()];
    const seat = watcher.join(ROOM, ears);
    third.join(ROOM, others);
    const [taken] = rooms.taken;
    taken?.ears.onJoined(true);
    seat.send(bytes('hello'));
    taken?.ears.onData(bytes('welcome'));
    expect(taken?.said).toEqual(['hello']);
    expect(ears.heard).toEqual(['joined to read', 'welcome']);
    expect(others.heard).toEqual([]);
    taken?.ears.onLost(4404, 'gone');
    expect(ears.heard.at(-1)).toBe('lost 4404');
  });

  it('[LE13] gives its seat back when it leaves, also when its page is hidden for good', () => {
    const { openTab } = createTabs();
    const [leader, watcher] = [openTab('l'), openTab('w')];
    const rooms = createRooms();
    leader.lead(rooms);
    watcher.join(ROOM, createEars()).leave();
    const ears = createEars();
    watcher.join(ROOM, ears);
    watcher.leaveAll();
    expect(rooms.taken.map(({ isLeft }) => isLeft)).toEqual([true, true]);
    expect(ears.heard).toEqual(['lost 1006']);
  });

  it('[LE13] goes in anew when another tab leads, or when it leads itself', () => {
    const { openTab, close } = createTabs();
    const [leader, watcher, next] = [openTab('l'), openTab('w'), openTab('n')];
    leader.lead(createRooms());
    const ears = createEars();
    watcher.join(ROOM, ears);
    close(leader);
    const rooms = createRooms();
    next.lead(rooms);
    watcher.follow();
    expect(ears.heard).toEqual(['lost 1006']);
    watcher.join(ROOM, ears);
    expect(rooms.taken).toHaveLength(1);
    const own = createRooms();
    watcher.lead(own);
    expect(ears.heard).toEqual(['lost 1006', 'lost 1006']);
    watcher.join(ROOM, ears);
    expect(own.taken).toHaveLength(1);
  });

  it('[LE13] hears that it has no seat any more when the leader has changed unseen', () => {
    const { openTab, close } = createTabs();
    const [leader, watcher, next] = [openTab('l'), openTab('w'), openTab('n')];
    leader.lead(createRooms());
    const ears = createEars();
    const seat = watcher.join(ROOM, ears);
    close(leader);
    next.lead(createRooms());
    seat.send(bytes('hello'));
    expect(ears.heard).toEqual(['lost 1006']);
  });

  it('[LE13] loses its seat when nothing is heard of it for three minutes', () => {
    const { openTab, scheduler } = createTabs();
    const [leader, watcher] = [openTab('l'), openTab('w')];
    const rooms = createRooms();
    leader.lead(rooms);
    const ears = createEars();
    const seat = watcher.join(ROOM, ears);
    scheduler.advance(179_000);
    seat.send(bytes('still here'));
    scheduler.advance(179_000);
    expect(rooms.taken[0]?.isLeft).toBe(false);
    scheduler.advance(1_000);
    expect(rooms.taken[0]?.isLeft).toBe(true);
    expect(ears.heard).toEqual(['lost 1006']);
  });
});
