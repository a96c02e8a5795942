// Programs are killed at seeded moments while posts are under way; then the journal judges.
//
// The seed stands in the test's name; WARDROOM_FAULT_SEEDS="7 11" runs those alone. The victims and
// how far the load has come when each dies follow from the seed; what the machine does with it does
// not, so a replay is the same schedule, not the same interleaving.

import { Problem } from '@wardroom/client/problem';
import { describe, expect, test } from 'vitest';
import { client, connect, history, killProgram, login, suiteIsThere, unique, until } from '../flow/suite.ts';
import { Journal, seeded } from './journal.ts';

const VICTIMS = ['threads-1', 'threads-1', 'gateway-1', 'gateway-2', 'redis', 'auth-1', 'postgres'];
const SENDERS = 3;
const POSTS_EACH = 60;
const IN_FLIGHT = 5;
/** PostgreSQL replays its log after kill -9. */
const RECOVERY_MS = 10_000;

const seeds = process.env['WARDROOM_FAULT_SEEDS']?.split(' ').map(Number) ??
  Array.from({ length: process.env['WARDROOM_TEST_ALL'] ? 100 : 10 }, (_, i) => i + 1);

/** Ask again while the answer is one that passes by itself; recovery has its deadline. */
async function patiently<Result>(ask: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + RECOVERY_MS;
  for (;;) {
    try {
      return await ask();
    } catch (problem) {
      if (!(problem instanceof Problem) || !problem.retryable || Date.now() > deadline) throw problem;
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }
}

describe.skipIf(!suiteIsThere())('kills at seeded moments', () => {
  test.each(seeds)('seed %i: nothing acked is lost, doubled, reordered or unproven', async (seed) => {
    const random = seeded(seed);
    const kills = Array.from({ length: 1 + Math.floor(random() * 2) }, () => ({
      victim: VICTIMS[Math.floor(random() * VICTIMS.length)] ?? 'threads-1',
      whenAcked: Math.floor(random() * SENDERS * POSTS_EACH * 0.7),
    })).sort((a, b) => a.whenAcked - b.whenAcked);
    const analyst = await client(login(0, 'analyst'));
    const auditor = await client(login(0, 'auditor'));
    const title = unique(`seed ${seed}`);
    const thread = await patiently(() => analyst.createThread({ title }));
    const reader = connect(auditor);
    reader.live.subscribe(thread.id, 0);
    const journal = new Journal();
    const load = Array.from({ length: SENDERS }, async (_, sender) => {
      const { live } = connect(analyst);
      for (let i = 0; i < POSTS_EACH; i += IN_FLIGHT) {
        await Promise.all(
          Array.from({ length: IN_FLIGHT }, async () => {
            const body = journal.next(sender);
            journal.acked.set(body, await live.post({ thread_id: thread.id, body }));
          }),
        );
      }
    });
    for (const { victim, whenAcked } of kills) {
      await until(() => expect(journal.acked.size).toBeGreaterThanOrEqual(whenAcked), 60_000);
      await killProgram(victim);
    }
    await Promise.all(load);
    expect(journal.acked.size).toBe(SENDERS * POSTS_EACH);
    const stored = await patiently(() => history(auditor, thread.id));
    journal.judge(stored);
    await until(() => expect(reader.messages).toEqual(stored), 30_000);
    expect(await patiently(() => auditor.verify(thread.id))).toMatchObject({ ok: true, size: stored.length });
  });
});
