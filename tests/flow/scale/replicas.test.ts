// Replicas of every program are added and removed while posts are under way. Next: redis.test.ts

import { describe, expect, test } from 'vitest';
import { discovered, Load } from '../load.ts';
import { client, command, login, programs, projectRoot, state, suiteIsThere } from '../suite.ts';

type Counts = Record<string, number>;

/** The suite of this level has two of everything; each step is one more `up`. */
const STEPS: Counts[] = [
  { gateways: 3, threads: 1, files: 1, retention: 1 },
  { gateways: 1, threads: 3, auth: 1, templates: 1 },
  { gateways: 2, threads: 2, auth: 2, templates: 2, files: 2, retention: 2 },
];

async function pids(): Promise<Map<string, number>> {
  return new Map((await programs()).map(({ name, pid }) => [name, pid]));
}

async function up(counts: Counts): Promise<void> {
  const options = Object.entries(counts).flatMap(([name, count]) => [`--${name}`, String(count)]);
  const done = await command(`${projectRoot}wardroom`, ['up', '--state', state, ...options]);
  expect(done.code, done.out).toBe(0);
}

describe.skipIf(!suiteIsThere())('replicas that come and go under load', () => {
  test('lose and double nothing, give no error to who retries, and leave the others alone', async () => {
    const load = await Load.start(await client(login(0, 'analyst')), await client(login(0, 'auditor')), 6);
    await load.goesOn();
    for (const counts of STEPS) {
      const before = await pids();
      await up(counts);
      const after = await pids();
      for (const [option, count] of Object.entries(counts)) {
        const service = option === 'gateways' ? 'gateway' : option;
        const names = [...after.keys()].filter((name) => name.startsWith(`${service}-`));
        expect(names.sort()).toEqual(Array.from({ length: count }, (_, i) => `${service}-${i + 1}`));
        if (option !== 'gateways') await discovered(service, count);
      }
      for (const [name, pid] of after) {
        if (before.has(name)) expect(pid, `${name} was restarted`).toBe(before.get(name));
      }
      await load.goesOn();
    }
    await load.end();
    console.log(`${load.acked.size} posts, none waited longer than ${load.longestMs} ms`);
  });
});
