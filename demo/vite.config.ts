import { defaultClientConditions, defineConfig } from 'vite';
import { placesPlugin } from './places-plugin.ts';
import { serviceWorkerPlugin } from './service-worker-plugin.ts';

export default defineConfig(({ command }) => ({
  root: import.meta.dirname,
  base: './',
  define: { BUILT: JSON.stringify(command === 'build') },
  resolve: {
    conditions: ['breakwater-source', ...defaultClientConditions],
    // Two copies of one of these compare their own classes and find every foreign object wrong.
    dedupe: ['lib0', 'rxdb', 'rxjs', 'y-protocols', 'yjs'],
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // All of them know light-dark(), which would be written out twice for older ones.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/sync': { target: 'ws://localhost:8080', ws: true } } },
  plugins: [placesPlugin(), serviceWorkerPlugin()],
}));
