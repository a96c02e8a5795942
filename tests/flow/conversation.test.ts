// Two people of one tenant talk; a third of another tenant sees nothing of it.

import { Problem } from '@wardroom/client/problem';
import { describe, expect, test } from 'vitest';
import { ask, requestBytes } from './bad-input-wire.ts';
import { client, connect, history, login, suiteIsThere, unique, until } from './suite.ts';

describe.skipIf(!suiteIsThere())('a conversation', () => {
  test('a message posted over one socket is seen on another within a second, with its hash', async () => {
    const analyst = await client(login(0, 'analyst'));
    const member = await client(login(0, 'member'));
    const me = await member.me();
    const thread = await analyst.createThread({ title: unique('beacon'), participants: [me.id] });
    const sender = connect(analyst);
    const reader = connect(member);
    reader.live.subscribe(thread.id, thread.last_seq);
    await until(() => expect(reader.live.state).toBe('online'));
    const ack = await sender.live.post({ thread_id: thread.id, body: 'Isolate the host, please.' });
    await until(() => expect(reader.messages).toHaveLength(1), 1_000);
    const [seen] = reader.messages;
    expect(seen).toMatchObject({
      seq: ack.seq,
      hash: ack.hash,
      created_at: ack.created_at,
      kind: 'text',
      body: 'Isolate the host, please.',
      author: { role: 'analyst' },
      tenant_id: thread.tenant_id,
      thread_id: thread.id,
    });
    expect(ack.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await history(member, thread.id)).toContainEqual(seen);
  });

  test('a history of half a megabyte arrives whole, on a connection that stays or ends', async () => {
    const analyst = await client(login(0, 'analyst'));
    const thread = await analyst.createThread({ title: unique('long') });
    const body = 'x'.repeat(16_000);
    for (let i = 0; i < 40; i++) {
      await analyst.postMessage(thread.id, { client_id: crypto.randomUUID(), body });
    }
    for (const Connection of ['keep-alive', 'close', 'keep-alive', 'keep-alive']) {
      const answer = await ask(
        requestBytes({
          path: `/api/chat/threads/${thread.id}/messages/?limit=200`,
          token: await analyst.tokens.access(),
          headers: { Connection },
        }),
        Connection === 'close',
      );
      expect(answer.status).toBe(200);
      const { results } = JSON.parse(answer.body) as { results: { body: string }[] };
      expect(results.length).toBeGreaterThan(30);
      expect(results.at(-1)?.body).toBe(body);
    }
  });

  test('another tenant cannot find the thread by any route', async () => {
    const analyst = await client(login(0, 'analyst'));
    const thread = await analyst.createThread({ title: unique('secret') });
    for (const role of ['analyst', 'admin', 'auditor', 'member']) {
      const stranger = await client(login(1, role));
      const path = `/api/chat/threads/${thread.id}/`;
      const attempts: [string, RequestInit['method'], unknown?][] = [
        [path, 'GET'],
        [`${path}messages/`, 'GET'],
        [`${path}participants/`, 'GET'],
        [`${path}receipts/`, 'GET'],
        [`${path}verify/`, 'GET'],
      ];
      for (const [where, method] of attempts) {
        const refused = await stranger.call(where, { method: method ?? 'GET' }).catch((e: unknown) => e);
        expect(refused, `${role} ${where}`).toBeInstanceOf(Problem);
        expect([403, 404], `${role} ${where}`).toContain((refused as Problem).status);
        if (role === 'analyst') expect(refused).toMatchObject({ status: 404, code: 'not_found' });
      }
      expect((await stranger.threads()).results.map(({ id }) => id)).not.toContain(thread.id);
    }
    const stranger = await client(login(1, 'analyst'));
    await expect(
      stranger.postMessage(thread.id, { client_id: crypto.randomUUID(), body: 'x' }),
    ).rejects.toMatchObject({ status: 404 });
    const live = connect(stranger);
    const errors: string[] = [];
    live.live.on('error', (error) => errors.push(error.code));
    live.live.subscribe(thread.id, 0);
    await until(() => expect(errors).toContain('not_found'));
    expect(live.messages).toEqual([]);
  });

  test('a member who does not take part cannot find the thread, until added, and loses it when removed', async () => {
    const analyst = await client(login(0, 'analyst'));
    const member = await client(login(0, 'member', 1));
    const me = await member.me();
    const thread = await analyst.createThread({ title: unique('invite') });
    await expect(member.thread(thread.id)).rejects.toMatchObject({ status: 404 });
    const { live, messages } = connect(member);
    const changes: string[] = [];
    live.on('thread', (event) => {
      if (event.thread.id === thread.id) changes.push(event.change);
    });
    await until(() => expect(live.state).toBe('online'));
    await analyst.addParticipant(thread.id, me.id);
    await until(() => expect(changes.length).toBeGreaterThan(0));
    live.subscribe(thread.id, 0);
    await analyst.postMessage(thread.id, { client_id: crypto.randomUUID(), body: 'welcome' });
    await until(() => expect(messages.map(({ body }) => body)).toContain('welcome'));
    await analyst.removeParticipant(thread.id, me.id);
    await until(() => expect(changes).toContain('removed'));
    await analyst.postMessage(thread.id, { client_id: crypto.randomUUID(), body: 'after' });
    await expect(member.thread(thread.id)).rejects.toMatchObject({ status: 404 });
    expect(messages.map(({ body }) => body)).not.toContain('after');
  });

  test('a client that comes back gets what it missed, in order, once, and then goes on live', async () => {
    const analyst = await client(login(0, 'analyst'));
    const auditor = await client(login(0, 'auditor'));
    const thread = await analyst.createThread({ title: unique('resume') });
    const bodies = Array.from({ length: 320 }, (_, i) => `line ${i}`);
    const sender = connect(analyst);
    await Promise.all(
      bodies.slice(0, 300).map((body) => sender.live.post({ thread_id: thread.id, body })),
    );
    const reader = connect(auditor);
    reader.live.subscribe(thread.id, 100);
    await Promise.all(bodies.slice(300).map((body) => sender.live.post({ thread_id: thread.id, body })));
    await until(() => expect(reader.messages.at(-1)?.seq).toBe(thread.last_seq + 320));
    const seqs = reader.messages.map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: thread.last_seq + 220 }, (_, i) => i + 101));
    const stored = await history(auditor, thread.id);
    expect(reader.messages).toEqual(stored.slice(100));
  });

  test('the list counts what I have not read, and a read mark never goes backwards', async () => {
    const analyst = await client(login(0, 'analyst'));
    const member = await client(login(0, 'member'));
    const me = await member.me();
    const thread = await analyst.createThread({ title: unique('unread'), participants: [me.id] });
    for (const body of ['one', 'two', 'three']) {
      await analyst.postMessage(thread.id, { client_id: crypto.randomUUID(), body });
    }
    const mine = async () => (await member.threads()).results.find(({ id }) => id === thread.id);
    expect(await mine()).toMatchObject({ unread: 3 });
    const last = (await mine())?.last_seq ?? 0;
    await member.markRead(thread.id, last);
    expect(await mine()).toMatchObject({ unread: 0, my_read_seq: last });
    await member.markRead(thread.id, last - 2);
    expect(await mine()).toMatchObject({ unread: 0, my_read_seq: last });
    const receipts = await analyst.receipts(thread.id);
    expect(receipts.results).toContainEqual(expect.objectContaining({ user_id: me.id, seq: last }));
  });

  test('a status change is recorded as a system message and a closed thread takes no posts', async () => {
    const analyst = await client(login(0, 'analyst'));
    const thread = await analyst.createThread({ title: unique('close'), severity: 'high' });
    const closed = await analyst.patchThread(thread.id, { status: 'closed' });
    expect(closed).toMatchObject({ status: 'closed', severity: 'high' });
    expect(closed.last_seq).toBe(thread.last_seq + 1);
    const all = await history(analyst, thread.id);
    expect(all.at(-1)).toMatchObject({ kind: 'system', seq: closed.last_seq });
    await expect(
      analyst.postMessage(thread.id, { client_id: crypto.randomUUID(), body: 'late' }),
    ).rejects.toMatchObject({ status: 409, code: 'conflict' });
    const open = await analyst.threads({ status: 'open' });
    expect(open.results.map(({ id }) => id)).not.toContain(thread.id);
  });
});
