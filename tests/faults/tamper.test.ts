// Whoever owns the database changes what was said: the tree shows it.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { client, command, login, state, suiteIsThere, unique } from '../flow/suite.ts';

/** Run SQL as the superuser in the threads database, inside the tenant's schema. */
async function alter(tenant: string, sql: string): Promise<void> {
  const base = readFileSync(`${state}/secrets/superuser_url`, 'utf8').trim();
  const where = base.replace(/dbname=\S+/, 'dbname=wardroom_threads');
  const done = await command('psql', ['-X', '-v', 'ON_ERROR_STOP=1', '-d', where, '-c',
    `SET search_path = t_${tenant}; ${sql}`]);
  expect(done.out).toMatch(/UPDATE 1|DELETE 1|INSERT 0 1/);
}

describe.skipIf(!suiteIsThere())('tampering with the database', () => {
  const changes: [string, (thread: string) => string][] = [
    ['a time that was changed', (id) => `UPDATE message SET time_us = time_us + 1 WHERE thread_id = '${id}' AND seq = 3`],
    ['an author who was changed', (id) => `UPDATE message SET author_id = gen_random_uuid() WHERE thread_id = '${id}' AND seq = 3`],
    ['words taken from another message', (id) =>
      `UPDATE message SET sealed = (SELECT sealed FROM message WHERE thread_id = '${id}' AND seq = 2) WHERE thread_id = '${id}' AND seq = 3`],
    ['one flipped bit of the words', (id) =>
      `UPDATE message SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1) WHERE thread_id = '${id}' AND seq = 3`],
    ['a message cut off at the end', (id) => `DELETE FROM message WHERE thread_id = '${id}' AND seq = 4`],
    ['a message cut out of the middle', (id) => `DELETE FROM message WHERE thread_id = '${id}' AND seq = 3`],
    ['a root that was changed', (id) => `UPDATE thread_head SET root = sha256('x') WHERE thread_id = '${id}'`],
  ];
  test.each(changes)('verify finds %s', async (_, sql) => {
    const analyst = await client(login(0, 'analyst'));
    const auditor = await client(login(0, 'auditor'));
    const thread = await analyst.createThread({ title: unique('tamper') });
    for (const body of ['one', 'two', 'three']) {
      await analyst.postMessage(thread.id, { client_id: crypto.randomUUID(), body });
    }
    expect(await auditor.verify(thread.id)).toMatchObject({ ok: true, size: 4 });
    await alter(thread.tenant_id, sql(thread.id));
    const verdict = await auditor.verify(thread.id);
    expect(verdict).toMatchObject({ ok: false });
    expect(verdict.detail).not.toBe('');
  });
});
