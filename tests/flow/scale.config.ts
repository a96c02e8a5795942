import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

// Beside a suite with two of everything: what holds with one of each must hold here too.
export default defineConfig({
  test: {
    ...base.test,
    testTimeout: 180_000,
    include: ['conversation.test.ts', 'once.test.ts', 'kill.test.ts', 'scale/*.test.ts'],
  },
});
