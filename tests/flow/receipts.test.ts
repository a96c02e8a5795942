// What people do with a message besides writing one: acknowledge it, correct it, read it.

import type { ReadEvent } from '@wardroom/client/events';
import type { HttpClient } from '@wardroom/client/http-client';
import { describe, expect, test } from 'vitest';
import { client, connect, history, login, suiteIsThere, unique, until, url } from './suite.ts';

async function openThread(title: string) {
  const analyst = await client(login(0, 'analyst'));
  const member = await client(login(0, 'member'));
  const me = await member.me();
  const thread = await analyst.createThread({ title: unique(title), participants: [me.id] });
  return { analyst, member, me, thread };
}

/** POST as it is, to see its status. */
async function send(http: HttpClient, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { Authorization: `Bearer ${await http.tokens.access()}` };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const init: RequestInit = { method: 'POST', headers };
  if (body !== undefined) init.body = JSON.stringify(body);
  return fetch(url + path, init);
}

const newPost = (body: string, more: object = {}) => ({ client_id: crypto.randomUUID(), body, ...more });

describe.skipIf(!suiteIsThere())('acknowledging', () => {
  test('is recorded as a message with its own seq, is seen live, and is the same for ever', async () => {
    const { analyst, member, me, thread } = await openThread('acknowledge');
    const said = await analyst.postMessage(thread.id, newPost('Isolate the host.'));
    const reader = connect(analyst);
    reader.live.subscribe(thread.id, said.seq);
    await until(() => expect(reader.live.state).toBe('online'));
    const path = `/api/chat/threads/${thread.id}/messages/${said.seq}/acknowledge/`;
    const first = await send(member, path);
    expect(first.status).toBe(201);
    const record = (await first.json()) as object;
    expect(record).toMatchObject({
      kind: 'acknowledgement',
      seq: said.seq + 1,
      reply_to: said.seq,
      body: '',
      author: { id: me.id, role: 'member' },
    });
    await until(() => expect(reader.messages).toEqual([record]));
    const again = await send(member, path, {});
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual(record);
    expect(await member.acknowledge(thread.id, said.seq)).toEqual(record);
    const sockets = [connect(member), connect(member)];
    const acks = await Promise.all(sockets.map(({ live }) => live.acknowledge(thread.id, said.seq)));
    for (const ack of acks) expect(ack).toMatchObject({ seq: said.seq + 1, thread_id: thread.id });
    // Another person's is another record, and all of it is evidence.
    expect(await analyst.acknowledge(thread.id, said.seq)).toMatchObject({ seq: said.seq + 2 });
    expect(await history(member, thread.id)).toHaveLength(said.seq + 2);
    expect(await analyst.verify(thread.id)).toMatchObject({ ok: true, size: said.seq + 2 });
  });

  test('fifty at once over HTTP and sockets are one record', async () => {
    const { analyst, member, thread } = await openThread('acknowledge fifty');
    const said = await analyst.postMessage(thread.id, newPost('Please confirm.'));
    const sockets = [connect(member), connect(member), connect(member)];
    const acks = await Promise.all(
      Array.from({ length: 50 }, (_, i) => {
        const socket = sockets[i % 4];
        return socket ? socket.live.acknowledge(thread.id, said.seq) : member.acknowledge(thread.id, said.seq);
      }),
    );
    expect(new Set(acks.map(({ seq, hash }) => `${seq} ${hash}`)).size).toBe(1);
    expect(await history(member, thread.id)).toHaveLength(said.seq + 1);
  });

  test('what is no message, not there or not theirs is refused with its code', async () => {
    const { analyst, member, thread } = await openThread('acknowledge what');
    const said = await analyst.postMessage(thread.id, newPost('text'));
    const path = (seq: number | string) => `/api/chat/threads/${thread.id}/messages/${seq}/acknowledge/`;
    expect((await send(member, path(1))).status).toBe(409); // the creation
    await member.acknowledge(thread.id, said.seq);
    expect((await send(member, path(said.seq + 1))).status).toBe(409); // an acknowledgement
    expect((await send(member, path(said.seq + 2))).status).toBe(404);
    expect((await send(member, path('first'))).status).toBe(404);
    expect((await send(member, path(said.seq), { seq: 1 })).ok).toBe(false);
    expect((await send(member, path(said.seq), { other: 1 })).ok).toBe(false);
    expect((await send(await client(login(0, 'auditor')), path(said.seq))).status).toBe(403);
    expect((await send(await client(login(0, 'member', 1)), path(said.seq))).status).toBe(404);
    expect((await send(await client(login(1, 'analyst')), path(said.seq))).status).toBe(404);
    const { live } = connect(member);
    await expect(live.acknowledge(thread.id, 99)).rejects.toMatchObject({ code: 'not_found' });
    await expect(live.acknowledge(thread.id, 1)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('works in a closed thread and counts as nobody\'s unread message', async () => {
    const { analyst, member, thread } = await openThread('acknowledge closed');
    const said = await analyst.postMessage(thread.id, newPost('The last word.'));
    await analyst.patchThread(thread.id, { status: 'closed' });
    const before = (await analyst.thread(thread.id)).unread;
    const ack = await connect(member).live.acknowledge(thread.id, said.seq);
    expect(ack.seq).toBe(said.seq + 2);
    expect(await analyst.thread(thread.id)).toMatchObject({ unread: before, last_seq: ack.seq });
  });

  test('stands in the OpenAPI document', async () => {
    const schema = (await (await fetch(`${url}/api/schema/`)).json()) as { paths: Record<string, object> };
    expect(schema.paths['/api/chat/threads/{thread_id}/messages/{seq}/acknowledge/']).toHaveProperty('post');
  });
});

describe.skipIf(!suiteIsThere())('corrections', () => {
  test('are messages of their own that point at the original, which stays as it is', async () => {
    const { analyst, member, thread } = await openThread('correct');
    const said = await member.postMessage(thread.id, newPost('The host is A.'));
    const reader = connect(analyst);
    reader.live.subscribe(thread.id, said.seq);
    const correction = await member.postMessage(thread.id, newPost('The host is B.', { corrects: said.seq }));
    expect(correction).toMatchObject({ kind: 'correction', corrects: said.seq, seq: said.seq + 1 });
    const ack = await connect(member).live.post({
      thread_id: thread.id,
      body: 'The host is C.',
      corrects: correction.seq,
    });
    await until(() => expect(reader.messages.map(({ corrects }) => corrects)).toEqual([said.seq, correction.seq]));
    const all = await history(analyst, thread.id);
    expect(all[said.seq - 1]).toEqual(said);
    expect(all[ack.seq - 1]).toMatchObject({ kind: 'correction', body: 'The host is C.' });
  });

  test('are refused of others\' words, of the system\'s, of an acknowledgement and of what is not there', async () => {
    const { analyst, member, thread } = await openThread('correct what');
    const mine = await member.postMessage(thread.id, newPost('mine'));
    const theirs = await analyst.postMessage(thread.id, newPost('theirs'));
    const receipt = await member.acknowledge(thread.id, theirs.seq);
    for (const corrects of [theirs.seq, 1, receipt.seq, receipt.seq + 1, -1]) {
      await expect(
        member.postMessage(thread.id, newPost('no', { corrects })),
        `corrects ${corrects}`,
      ).rejects.toMatchObject({ code: 'validation_failed', errors: [{ pointer: '/corrects' }] });
    }
    const live = connect(member).live;
    await expect(
      live.post({ thread_id: thread.id, body: 'no', corrects: theirs.seq }),
    ).rejects.toMatchObject({ code: 'validation_failed' });
    expect((await member.postMessage(thread.id, newPost('yes', { corrects: mine.seq }))).kind).toBe('correction');
  });
});

describe.skipIf(!suiteIsThere())('read marks', () => {
  test('are told to the others once for each move, and never go back', async () => {
    const { analyst, member, me, thread } = await openThread('marks');
    for (const body of ['one', 'two', 'three']) await analyst.postMessage(thread.id, newPost(body));
    const watcher = connect(analyst);
    const heard: ReadEvent[] = [];
    // A mark may be told again when Redis or a replica was lost a moment ago, by a test before this.
    watcher.live.on('read', (event) => {
      if (heard.at(-1)?.at !== event.at) heard.push(event);
    });
    watcher.live.subscribe(thread.id);
    await until(() => expect(watcher.live.state).toBe('online'));
    await until(() => expect(watcher.live.lastSeq(thread.id)).toBe(4));
    for (const seq of [2, 2, 1, 4, 3]) await member.markRead(thread.id, seq);
    await until(() => expect(heard.map(({ seq }) => seq)).toEqual([2, 4]));
    expect(heard[1]).toMatchObject({ thread_id: thread.id, user_id: me.id });
    const { results } = await analyst.receipts(thread.id);
    expect(results.find(({ user_id }) => user_id === me.id)).toEqual({
      user_id: me.id,
      seq: 4,
      at: heard[1]?.at,
    });
  });

  test('of many at once end at the highest, and unread is right in list and thread', async () => {
    const { analyst, member, thread } = await openThread('marks at once');
    for (let i = 0; i < 20; i++) await analyst.postMessage(thread.id, newPost(`line ${i}`));
    await Promise.all(Array.from({ length: 18 }, (_, i) => member.markRead(thread.id, 19 - i)));
    expect(await member.thread(thread.id)).toMatchObject({ my_read_seq: 19, unread: 2 });
    const listed = (await member.threads()).results.find(({ id }) => id === thread.id);
    expect(listed).toMatchObject({ my_read_seq: 19, unread: 2, last_seq: 21 });
  });
});

describe.skipIf(!suiteIsThere())('opening a thread', () => {
  test('with a client_id can be retried: one thread, and other content is a conflict', async () => {
    const analyst = await client(login(0, 'analyst'));
    const wanted = { client_id: crypto.randomUUID(), title: unique('retried'), severity: 'low' as const };
    const opened = await Promise.all(Array.from({ length: 10 }, () => analyst.createThread(wanted)));
    expect(new Set(opened.map(({ id }) => id)).size).toBe(1);
    await expect(analyst.createThread({ ...wanted, title: 'another' })).rejects.toMatchObject({ status: 409 });
    const other = await (await client(login(0, 'admin'))).createThread(wanted);
    expect(other.id).not.toBe(opened[0]?.id);
  });
});
