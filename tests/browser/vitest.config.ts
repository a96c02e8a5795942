import { defineConfig } from 'vitest/config';

// One file at a time: the browser is the heavy part. A test waits for conditions, each with
// Playwright's deadline of 15 s.
export default defineConfig({
  test: { include: ['*.test.ts'], testTimeout: 90_000, hookTimeout: 60_000, fileParallelism: false },
});
