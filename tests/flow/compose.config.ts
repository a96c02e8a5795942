import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

// Against the containers that tests/compose/run started.
export default defineConfig({
  test: { ...base.test, testTimeout: 600_000, include: ['compose/*.test.ts'] },
});
