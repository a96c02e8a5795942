// What somebody finds who has the database or Redis: no words of a message, and no way to change one.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { client, command, connect, login, state, suiteIsThere, unique, until } from './suite.ts';

const databases = ['auth', 'threads', 'templates', 'files', 'retention'];

/** libpq connection text with another database and user. */
function conninfo(service: string, user: string): string {
  const base = readFileSync(`${state}/secrets/superuser_url`, 'utf8').trim();
  const host = /host=(\S+)/.exec(base)?.[1];
  const port = /port=(\S+)/.exec(base)?.[1] ?? '5432';
  if (!host) throw new Error('secrets/superuser_url is not key=value text');
  return `host=${host} port=${port} dbname=wardroom_${service} user=${user} passfile=${state}/secrets/pg/${user}`;
}

describe.skipIf(!suiteIsThere())('at rest', () => {
  test('no plaintext of a message, title or name in a dump of any database or in Redis', async () => {
    const words = unique('zebra quagga');
    const title = unique('okapi bongo');
    const analyst = await client(login(0, 'analyst'));
    const { name, username } = await analyst.me();
    const thread = await analyst.createThread({ title });
    const reader = connect(analyst);
    reader.live.subscribe(thread.id, 0);
    const redis = new URL(readFileSync(`${state}/secrets/redis_url`, 'utf8').trim());
    const monitor = command(
      'timeout',
      ['5', 'redis-cli', '-h', redis.hostname, '-p', redis.port, 'MONITOR'],
      { REDISCLI_AUTH: redis.password },
    );
    await until(() => expect(reader.live.state).toBe('online'));
    await analyst.postMessage(thread.id, { client_id: crypto.randomUUID(), body: words });
    await until(() => expect(reader.messages.at(-1)?.body).toBe(words));
    const base = readFileSync(`${state}/secrets/superuser_url`, 'utf8').trim();
    const dump = await command('pg_dumpall', ['-d', base]);
    expect(dump.code).toBe(0);
    expect(dump.out).toContain(thread.tenant_id);
    const heard = await monitor;
    expect(heard.out).toContain('PUBLISH');
    for (const secret of [words, title, name, username]) {
      for (const form of [secret, Buffer.from(secret).toString('hex')]) {
        expect(dump.out.includes(form), `dump holds ${secret}`).toBe(false);
        expect(heard.out.includes(form), `Redis holds ${secret}`).toBe(false);
      }
    }
  });

  test('the runtime role can neither change nor remove a message, under any role it may take', async () => {
    const analyst = await client(login(0, 'analyst'));
    const thread = await analyst.createThread({ title: unique('immutable') });
    const schema = `t_${thread.tenant_id}`;
    const where = conninfo('threads', 'threads_runtime');
    const psql = (sql: string) => command('psql', ['-X', '-v', 'ON_ERROR_STOP=1', '-d', where, '-c', sql]);
    expect((await psql('SELECT 1')).code).toBe(0);
    const enter = `SET ROLE threads_${schema}; SET search_path = ${schema};`;
    expect((await psql(`${enter} SELECT count(*) FROM message`)).code).toBe(0);
    for (const role of [`SET search_path = ${schema};`, enter]) {
      for (const sql of [
        'UPDATE message SET time_us = 0',
        'DELETE FROM message',
        'TRUNCATE message',
        'DROP TABLE message',
        'ALTER TABLE message DISABLE TRIGGER ALL',
        'SET ROLE threads_owner',
      ]) {
        const refused = await psql(`${role} ${sql}`);
        expect(refused.code, sql).not.toBe(0);
        expect(refused.out, sql).toMatch(/permission denied|must be owner|does not exist/);
      }
    }
  });

  test('a service login reaches no other database', async () => {
    for (const service of databases.filter((name) => name !== 'threads')) {
      const refused = await command('psql', ['-X', '-d', conninfo(service, 'threads_runtime'), '-c', 'SELECT 1']);
      expect(refused.code, service).not.toBe(0);
      expect(refused.out, service).toMatch(/permission denied|no password|authentication/);
    }
  });
});
