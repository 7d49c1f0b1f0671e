import { defineConfig } from 'vite';

// The page looks for the server at its own address.
export default defineConfig({ server: { proxy: { '/sync': { target: 'ws://localhost:8080', ws: true } } } });
