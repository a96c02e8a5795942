// The same post again is the same message: however often, however parallel.

import { Problem } from '@wardroom/client/problem';
import type { Message } from '@wardroom/client/types';
import { describe, expect, test } from 'vitest';
import {
  client,
  connect,
  history,
  killProgram,
  login,
  programs,
  suiteIsThere,
  unique,
} from './suite.ts';

describe.skipIf(!suiteIsThere())('exactly once', () => {
  test('a repeat with the same content answers 200 and the same message, with other content 409', async () => {
    const analyst = await client(login(0, 'analyst'));
    const thread = await analyst.createThread({ title: unique('repeat') });
    const post = { client_id: crypto.randomUUID(), body: 'once' };
    const token = await analyst.tokens.access();
    const send = (json: unknown) =>
      fetch(`${process.env['WARDROOM_URL']}/api/chat/threads/${thread.id}/messages/`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(json),
      });
    const first = await send(post);
    const again = await send(post);
    const other = await send({ ...post, body: 'twice' });
    expect([first.status, again.status, other.status]).toEqual([201, 200, 409]);
    expect(await again.json()).toEqual(await first.json());
    expect(await other.json()).toMatchObject({ code: 'conflict' });
    expect((await history(analyst, thread.id)).filter(({ kind }) => kind === 'text')).toHaveLength(1);
  });

  test('fifty parallel repeats give one row and fifty equal acks', async () => {
    const analyst = await client(login(0, 'analyst'));
    const thread = await analyst.createThread({ title: unique('fifty') });
    const post = { client_id: crypto.randomUUID(), body: 'fifty at once' };
    const acks = await Promise.all(
      Array.from({ length: 50 }, () => analyst.postMessage(thread.id, post)),
    );
    expect(new Set(acks.map(({ seq }) => seq)).size).toBe(1);
    expect(new Set(acks.map(({ hash }) => hash)).size).toBe(1);
    expect((await history(analyst, thread.id)).filter(({ kind }) => kind === 'text')).toHaveLength(1);
  });

  test('the same ref over two sockets is one message', async () => {
    const analyst = await client(login(0, 'analyst'));
    const thread = await analyst.createThread({ title: unique('two sockets') });
    const ref = crypto.randomUUID();
    const acks = await Promise.all(
      [connect(analyst), connect(analyst)].map(({ live }) =>
        live.post({ thread_id: thread.id, body: 'same', ref }),
      ),
    );
    expect(acks[0]).toEqual(acks[1]);
    expect((await history(analyst, thread.id)).filter(({ kind }) => kind === 'text')).toHaveLength(1);
  });

  test('the ack is the same for ever: over HTTP what went by socket, and after every replica died', async () => {
    const analyst = await client(login(0, 'analyst'));
    const thread = await analyst.createThread({ title: unique('for ever') });
    const ref = crypto.randomUUID();
    const first = await connect(analyst).live.post({ thread_id: thread.id, body: 'said', ref });
    for (const victim of (await programs()).filter(({ name }) => name.startsWith('threads-'))) {
      await killProgram(victim.name);
    }
    expect(await connect(analyst).live.post({ thread_id: thread.id, body: 'said', ref })).toEqual(first);
    const { seq, hash, created_at } = first;
    expect(await analyst.postMessage(thread.id, { client_id: ref, body: 'said' })).toMatchObject({
      seq,
      hash,
      created_at,
    });
    await expect(
      analyst.postMessage(thread.id, { client_id: ref, body: 'said otherwise' }),
    ).rejects.toMatchObject({ status: 409, code: 'conflict' });
  });

  test('fifty repeats over sockets and HTTP while replicas are killed are one row and equal acks', async () => {
    const analyst = await client(login(0, 'analyst'));
    const thread = await analyst.createThread({ title: unique('fifty and a kill') });
    const post = { client_id: crypto.randomUUID(), body: 'whatever happens' };
    const sockets = [connect(analyst), connect(analyst), connect(analyst), connect(analyst)];
    const byHttp = async (): Promise<{ seq: number; hash: string }> => {
      for (;;) {
        const answer = await analyst.postMessage(thread.id, post).catch((problem: unknown) => problem);
        if (!(answer instanceof Problem)) return answer as Message;
        expect(answer).toMatchObject({ retryable: true });
      }
    };
    const repeat = (i: number) => {
      const socket = sockets[i % 5];
      const ref = post.client_id;
      // An outbox takes a ref once at a time.
      return socket && i < 5 ? socket.live.post({ thread_id: thread.id, body: post.body, ref }) : byHttp();
    };
    const [acks] = await Promise.all([
      Promise.all(Array.from({ length: 50 }, (_, i) => repeat(i))),
      killProgram('threads-1'),
    ]);
    expect(new Set(acks.map(({ seq, hash }) => `${seq} ${hash}`)).size).toBe(1);
    expect((await history(analyst, thread.id)).filter(({ kind }) => kind === 'text')).toHaveLength(1);
  });
});
