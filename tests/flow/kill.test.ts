// kill -9 in the middle of a load: what was acknowledged is there, once, in order, and proves it.

import { describe, expect, test } from 'vitest';
import { client, connect, history, killProgram, login, suiteIsThere, unique, until } from './suite.ts';

/** Post `count` messages from each of a few sockets while `disturb` runs; gives every ack by body. */
async function loadWhile(threadId: string, count: number, disturb: () => Promise<void>) {
  const analyst = await client(login(0, 'analyst'));
  const acked = new Map<string, { seq: number; hash: string }>();
  const senders = [connect(analyst), connect(analyst), connect(analyst), connect(analyst)];
  const load = senders.map(async ({ live }, sender) => {
    for (let i = 0; i < count; i += 4) {
      await Promise.all(
        [0, 1, 2, 3].map(async (k) => {
          const body = `sender ${sender} line ${i + k}`;
          acked.set(body, await live.post({ thread_id: threadId, body }));
        }),
      );
    }
  });
  await until(() => expect(acked.size).toBeGreaterThan(20));
  await disturb();
  await Promise.all(load);
  return acked;
}

describe.skipIf(!suiteIsThere())('kill -9 under load', () => {
  for (const victim of ['threads-1', 'gateway-1', 'redis']) {
    test(`of ${victim}: every acked message is there once, in order, and the tree verifies`, async () => {
      const analyst = await client(login(0, 'analyst'));
      const auditor = await client(login(0, 'auditor'));
      const thread = await analyst.createThread({ title: unique(`kill ${victim}`) });
      const reader = connect(auditor);
      reader.live.subscribe(thread.id, 0);
      const acked = await loadWhile(thread.id, 80, () => killProgram(victim));
      expect(acked.size).toBe(320);
      const stored = await history(auditor, thread.id);
      const texts = stored.filter(({ kind }) => kind === 'text');
      expect(texts).toHaveLength(320);
      expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, i) => i + 1));
      for (const message of texts) {
        expect(acked.get(message.body)).toMatchObject({ seq: message.seq, hash: message.hash });
      }
      await until(() => expect(reader.messages).toEqual(stored), 20_000);
      expect(await auditor.verify(thread.id)).toMatchObject({ ok: true, size: stored.length });
    });
  }
});
