import { defaultClientConditions, defineConfig } from 'vite';
import { placesPlugin } from './places-plugin.ts';

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  resolve: {
    conditions: ['breakwater-source', ...defaultClientConditions],
    // Two copies of one of these compare their own classes and find every foreign object wrong.
    dedupe: ['lib0', 'rxdb', 'rxjs', 'y-protocols', 'yjs'],
  },
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2023', modulePreload: { polyfill: false } },
  server: { proxy: { '/sync': { target: 'ws://localhost:8080', ws: true } } },
  plugins: [placesPlugin()],
});
