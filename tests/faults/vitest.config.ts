import { defineConfig } from 'vitest/config';

// The suite's certificate is its own: Node trusts it for these tests, and checks it.
const state = process.env['WARDROOM_STATE'];
if (state) process.env['NODE_EXTRA_CA_CERTS'] = `${state}/secrets/tls.crt`;

export default defineConfig({
  test: {
    include: ['*.test.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
