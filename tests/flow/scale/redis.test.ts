// Tenants are spread over two Redis servers: one that hangs holds up only the tenants it has, and
// nobody loses anything. Next: nothing; this is the last.

import { describe, expect, test } from 'vitest';
import { client, connect, history, login, programs, suiteIsThere, unique, until } from '../suite.ts';

/** Live means within this; who waits longer waits for the hanging server. */
const LIVE_MS = 1_500;

async function talk(tenant: 0 | 1) {
  const analyst = await client(login(tenant, 'analyst'));
  const thread = await analyst.createThread({ title: unique('two servers') });
  const { live, messages } = connect(await client(login(tenant, 'auditor')));
  live.subscribe(thread.id, 0);
  return { analyst, thread, messages };
}

describe.skipIf(!suiteIsThere())('two Redis servers', () => {
  test('a tenant has one of them, and hears everything when that is back', async () => {
    const talks = await Promise.all([talk(0), talk(1)]);
    // The gateway compares with the database every 15 s as well, which may fill in one post, not three.
    const isLive = async ({ analyst, thread, messages }: Awaited<ReturnType<typeof talk>>) => {
      for (const body of ['heard?', 'again?', 'for sure?']) {
        const { seq } = await analyst.postMessage(thread.id, { client_id: crypto.randomUUID(), body });
        const heard = until(() => expect(messages.at(-1)?.seq).toBe(seq), LIVE_MS);
        if (!(await heard.then(() => true, () => false))) return false;
      }
      return true;
    };
    expect(await Promise.all(talks.map(isLive))).toEqual([true, true]);
    const lived: boolean[][] = [];
    for (const name of ['redis', 'redis-2']) {
      const { pid } = (await programs()).find((program) => program.name === name) ?? { pid: 0 };
      expect(pid, name).toBeGreaterThan(1);
      process.kill(pid, 'SIGSTOP');
      try {
        lived.push(await Promise.all(talks.map(isLive)));
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      for (const { analyst, thread, messages } of talks) {
        const stored = await history(analyst, thread.id);
        await until(() => expect(messages).toEqual(stored), 15_000);
      }
    }
    for (const tenant of [0, 1]) {
      expect(lived.map((live) => live[tenant]).sort(), `tenant ${tenant}`).toEqual([false, true]);
    }
  });
});
