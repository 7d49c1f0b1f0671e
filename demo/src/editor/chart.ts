import type { Note } from '../data/note.ts';
import { partOf } from '../dom.ts';

/** The chart above the editor: the world, and a mark where the note's place is. */
export function createChart(root: HTMLElement): (note: Pick<Note, 'lat' | 'lng'>) => void {
  const mark = partOf(root, 'chart-mark', HTMLElement);
  const land = partOf(root, 'chart-land', HTMLElement);
  // Here and not in the style sheet, so that the map is only fetched with the first note.
  const dots = partOf(root, 'chart-dots', HTMLElement);
  return ({ lat, lng }) => {
    mark.hidden = lat === undefined || lng === undefined;
    dots.style.maskImage = 'url(chart.svg)';
    land.removeAttribute('style');
    if (lat === undefined || lng === undefined) return;
    land.style.setProperty('--x', String((lng + 180) / 360));
    land.style.setProperty('--y', String((90 - lat) / 180));
  };
}
