// Redis may lose anything, and a service may die with something unsaid: what was committed is seen
// all the same, in order, once, without another event that would show the gap.

import type { ThreadEvent } from '@wardroom/client/events';
import type { HttpClient } from '@wardroom/client/http-client';
import { describe, expect, test } from 'vitest';
import {
  client,
  connect,
  history,
  killProgram,
  login,
  programs,
  redis,
  suiteIsThere,
  unique,
  until,
} from './suite.ts';

/** A thread with a subscriber on each of several sockets, live and waiting. */
async function openRoom(title: string) {
  const analyst = await client(login(0, 'analyst'));
  const auditor = await client(login(0, 'auditor'));
  const thread = await analyst.createThread({ title: unique(title) });
  const readers = [connect(auditor), connect(auditor), connect(analyst), connect(analyst)];
  for (const { live } of readers) live.subscribe(thread.id, 0);
  await until(() => {
    for (const { messages } of readers) expect(messages).toHaveLength(1);
  });
  return { analyst, thread, readers };
}

type Room = Awaited<ReturnType<typeof openRoom>>;

async function seenByAll({ analyst, thread, readers }: Room, within: number): Promise<void> {
  const stored = await history(analyst, thread.id);
  await until(() => {
    for (const { messages } of readers) expect(messages).toEqual(stored);
  }, within);
}

const say = (http: HttpClient, id: string, body: string) =>
  http.postMessage(id, { client_id: crypto.randomUUID(), body });

/** Redis refuses everything that is published while `act` runs; nothing else is disturbed. Gateways
 * miss their heartbeat after 3 s of it. */
async function withoutPublish(act: () => Promise<void>): Promise<void> {
  expect(await redis('ACL', 'SETUSER', 'default', '-publish')).toContain('OK');
  try {
    await act();
  } finally {
    expect(await redis('ACL', 'SETUSER', 'default', '+publish')).toContain('OK');
  }
}

/** Commit something that is never published: every replica of threads is dead before Redis takes
 * anything again. Resolves when all are back. */
async function commitUnsaid(act: () => Promise<unknown>): Promise<void> {
  const victims = (await programs()).filter(({ name }) => name.startsWith('threads-'));
  await withoutPublish(async () => {
    await act();
    for (const { pid } of victims) process.kill(pid, 'SIGKILL');
  });
  await until(async () => {
    for (const { name, pid } of await programs()) {
      const old = victims.find((victim) => victim.name === name);
      if (old) expect(pid > 0 && pid !== old.pid, `${name} is back`).toBe(true);
    }
  });
}

describe.skipIf(!suiteIsThere())('no gap', () => {
  test('when Redis is flushed', async () => {
    const room = await openRoom('flushed');
    await say(room.analyst, room.thread.id, 'before');
    expect(await redis('FLUSHALL')).toContain('OK');
    await say(room.analyst, room.thread.id, 'after');
    await seenByAll(room, 2_000);
  });

  test('when Redis cuts its subscribers off', async () => {
    const room = await openRoom('cut off');
    for (let i = 0; i < 5; i++) {
      const [, cut] = await Promise.all([
        say(room.analyst, room.thread.id, `around cut ${i}`),
        redis('CLIENT', 'KILL', 'TYPE', 'pubsub'),
      ]);
      expect(cut.trim()).toMatch(/^\d+$/);
      await say(room.analyst, room.thread.id, `after cut ${i}`);
    }
    await seenByAll(room, 5_000);
  });

  test('when Redis is killed', async () => {
    const room = await openRoom('killed');
    await Promise.all([
      killProgram('redis'),
      ...Array.from({ length: 40 }, (_, i) => say(room.analyst, room.thread.id, `line ${i}`)),
    ]);
    await say(room.analyst, room.thread.id, 'the last');
    await seenByAll(room, 8_000);
  });

  test('when Redis holds everything up for longer than a publisher waits', async () => {
    const room = await openRoom('paused');
    await redis('CLIENT', 'PAUSE', '2600', 'ALL');
    await say(room.analyst, room.thread.id, 'while it stands still');
    expect(await redis('PING')).toContain('PONG');
    await seenByAll(room, 5_000);
  });

  test('when Redis refuses what a service publishes', async () => {
    const room = await openRoom('refused');
    await withoutPublish(async () => {
      await say(room.analyst, room.thread.id, 'committed, and refused');
    });
    await seenByAll(room, 3_000);
  });

  test('when every replica dies between commit and publish', async () => {
    const room = await openRoom('unsaid');
    await commitUnsaid(() => say(room.analyst, room.thread.id, 'committed, and not published'));
    await seenByAll(room, 5_000);
  });

  test('in read marks that were moved while nothing was published', async () => {
    const room = await openRoom('marks');
    const me = await room.analyst.me();
    const heard = room.readers.map(() => [] as number[]);
    room.readers.forEach(({ live }, i) =>
      live.on('read', ({ user_id, seq }) => user_id === me.id && heard[i]?.push(seq)),
    );
    await withoutPublish(async () => {
      await room.analyst.markRead(room.thread.id, 1);
    });
    await until(() => {
      for (const seqs of heard) expect(seqs).toContain(1);
    }, 3_000);
  });

  test('when one of two replicas dies between commit and publish, and Redis is there', async () => {
    const room = await openRoom('one of two');
    for (const victim of ['threads-1', 'threads-2']) {
      if (!(await programs()).some(({ name }) => name === victim)) continue;
      const posts = Array.from({ length: 30 }, (_, i) =>
        room.readers[2]?.live.post({ thread_id: room.thread.id, body: `${victim} ${i}` }),
      );
      await Promise.all([killProgram(victim), ...posts]);
    }
    await seenByAll(room, 5_000);
  });

  test('in the list of threads: made, changed and taken away while nothing was published', async () => {
    const analyst = await client(login(0, 'analyst'));
    const member = await client(login(0, 'member', 1));
    const me = await member.me();
    const kept = await analyst.createThread({ title: unique('kept'), participants: [me.id] });
    const lost = await analyst.createThread({ title: unique('lost'), participants: [me.id] });
    const watcher = connect(member);
    const events: ThreadEvent[] = [];
    watcher.live.on('thread', (event) => events.push(event));
    watcher.live.subscribe(kept.id, 0);
    watcher.live.subscribe(lost.id, 0);
    await until(() => expect(watcher.messages).toHaveLength(2));
    const [title, made] = [unique('renamed'), unique('made')];
    await commitUnsaid(async () => {
      await analyst.patchThread(kept.id, { title });
      await analyst.createThread({ title: made, participants: [me.id] });
      await analyst.removeParticipant(lost.id, me.id);
    });
    await until(() => {
      const titles = events.filter(({ change }) => change !== 'removed').map(({ thread }) => thread.title);
      expect(titles).toContain(title);
      expect(titles).toContain(made);
      const removed = events.filter(({ change }) => change === 'removed');
      expect(removed.map(({ thread }) => thread.id)).toContain(lost.id);
    }, 10_000);
    await say(analyst, lost.id, 'not for them');
    await say(analyst, kept.id, 'for them');
    await until(() => expect(watcher.messages.map(({ body }) => body)).toContain('for them'));
    expect(watcher.messages.map(({ body }) => body)).not.toContain('not for them');
  });
});
