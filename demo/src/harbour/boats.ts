import type { Message } from '../line/weather.ts';

/** At which side of the harbour a device lies. */
export type Side = 'left' | 'right';

/** Where a way begins and ends, in hundredths of the sea's width. */
const QUAY: { readonly [S in Side]: number } = { left: 13, right: 87 };
const HARBOUR: { readonly [S in Side]: number } = { left: 42, right: 58 };

/** Shortest time that an eye can follow, in milliseconds: most messages are far faster. */
const SHORTEST_MS = 650;

/** More at a time are a crowd that shows nothing, and costs frames. */
const MOST = 26;

/** Lets a dot sail for each message of a device's line: from the quay to the harbour, or the other way. */
export function createBoats(sea: HTMLElement, side: Side): (message: Message) => void {
  const stillness = matchMedia('(prefers-reduced-motion: reduce)');
  let sailing = 0;

  return ({ direction, bytes, travelMs, fate }) => {
    if (stillness.matches || document.hidden || sailing >= MOST) return;
    const boat = document.createElement('i');
    boat.className = `boat is-${direction}`;
    boat.style.setProperty('--size', `${sizeOf(bytes)}px`);
    const [from, to] = direction === 'up' ? [QUAY[side], HARBOUR[side]] : [HARBOUR[side], QUAY[side]];
    const at = (place: number) => `translateX(${place}cqw)`;
    const keyframes =
      fate === 'arrives'
        ? [
            { transform: at(from), opacity: 0 },
            { transform: at(from + (to - from) * 0.1), opacity: 1, offset: 0.1 },
            { transform: at(from + (to - from) * 0.9), opacity: 1, offset: 0.9 },
            { transform: at(to), opacity: 0 },
          ]
        : [
            { transform: at(from), opacity: 1 },
            { transform: at(from + (to - from) * 0.5), opacity: 1, offset: 0.6 },
            { transform: `${at(from + (to - from) * 0.5)} translateY(14px)`, opacity: 0 },
          ];
    sea.append(boat);
    sailing++;
    const sail = boat.animate(keyframes, { duration: Math.max(SHORTEST_MS, travelMs), easing: 'ease-in-out' });
    sail.onfinish = () => {
      sailing--;
      boat.remove();
    };
  };
}

/** Ten times the bytes make it a few pixels larger. */
function sizeOf(bytes: number): number {
  return Math.min(16, 4 + 2.4 * Math.max(0, Math.log10(bytes / 40)));
}
