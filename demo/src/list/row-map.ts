/** A window of so many degrees around the place is shown. */
const DEGREES_WIDE = 40;

/** Draws where on the chart a place is: the tile is a window onto the whole world. */
export function drawMap(tile: HTMLElement, lat: number | undefined, lng: number | undefined): void {
  tile.classList.toggle('is-nowhere', lat === undefined || lng === undefined);
  if (lat === undefined || lng === undefined) return;
  // Here and not in the style sheet: beside the page, wherever that is served.
  tile.style.maskImage = 'url(chart.svg)';
  const world = 360 / DEGREES_WIDE;
  // As background-position counts: 0 shows the left edge of the world, 1 the right one.
  const x = share((lng + 180) / 360, world);
  const y = share((90 - lat) / 180, world / 2);
  tile.style.setProperty('--at', `${(x * 100).toFixed(2)}% ${(y * 100).toFixed(2)}%`);
}

function share(place: number, windows: number): number {
  return Math.min(1, Math.max(0, (place * windows - 0.5) / (windows - 1)));
}
