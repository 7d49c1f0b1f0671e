import { byId } from './dom.ts';
import type { Note } from './note.ts';

/** The chart above the editor: the world, and a mark where the note's place is. */
export function createChart(): (note: Pick<Note, 'lat' | 'lng'>) => void {
  const mark = byId('chart-mark', HTMLElement);
  const land = byId('chart-land', HTMLElement);
  // Here and not in the style sheet, so that the map is only fetched with the first note.
  const dots = byId('chart-dots', HTMLElement);
  return ({ lat, lng }) => {
    mark.hidden = lat === undefined || lng === undefined;
    dots.style.maskImage = 'url(chart.svg)';
    land.removeAttribute('style');
    if (lat === undefined || lng === undefined) return;
    land.style.setProperty('--x', String((lng + 180) / 360));
    land.style.setProperty('--y', String((90 - lat) / 180));
  };
}
