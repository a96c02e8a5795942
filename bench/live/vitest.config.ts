import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { root: import.meta.dirname, include: ['live.bench.ts'], pool: 'forks', testTimeout: 600_000 },
});
