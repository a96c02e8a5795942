// Builds dist/ for the gateway: files of the same origin only, no inline script, nothing inlined
// as data, so that the gateway's strict Content-Security-Policy holds.

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800, // one page, loaded once and cached by its hash: 200 kB compressed
  },
  server: {
    proxy: {
      '/api': { target: 'https://localhost:8443', secure: false },
      '/ws': { target: 'https://localhost:8443', secure: false, ws: true },
    },
  },
  test: { include: ['test/**/*.test.ts'] },
});
