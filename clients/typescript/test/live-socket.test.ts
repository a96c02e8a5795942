import { expect, test } from 'vitest';
import { Problem } from '../src/problem.ts';
import { connect, online, signIn, startMock, until } from './harness.ts';

test('a subscription replays what came after the given seq and then goes live', async () => {
  const { mock, baseUrl, ana, thread } = await startMock();
  for (const body of ['two', 'three', 'four']) mock.say(thread, ana, body);
  const { live, seqs } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  live.subscribe(thread.id, 2);
  await until(() => expect(seqs).toEqual([3, 4]));
  mock.say(thread, ana, 'five');
  await until(() => expect(seqs).toEqual([3, 4, 5]));
});

test('after a cut connection the subscription resumes without a gap or a repeat', async () => {
  const { mock, baseUrl, ana, thread } = await startMock();
  const { live, seqs, states } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  live.subscribe(thread.id, 0);
  await until(() => expect(seqs).toEqual([1]));
  mock.cutAll();
  mock.say(thread, ana, 'said while nobody was there');
  await until(() => expect(seqs).toEqual([1, 2]));
  mock.say(thread, ana, 'said live');
  await until(() => expect(seqs).toEqual([1, 2, 3]));
  expect(states).toEqual(['connecting', 'online', 'offline', 'connecting', 'online']);
});

test('a lost live message is noticed as a gap and fetched before later ones are shown', async () => {
  const { mock, baseUrl, ana, thread } = await startMock();
  const { live, seqs } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  live.subscribe(thread.id, 0);
  await until(() => expect(seqs).toEqual([1]));
  mock.loseMessages = 2;
  mock.say(thread, ana, 'lost');
  mock.say(thread, ana, 'lost too');
  mock.say(thread, ana, 'arrives early');
  await until(() => expect(seqs).toEqual([1, 2, 3, 4]));
  expect(mock.commands.filter((command) => command.op === 'subscribe')).toHaveLength(2);
});

test('resync makes the client subscribe again from its last seq', async () => {
  const { mock, baseUrl, thread } = await startMock();
  const { live, seqs } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  live.subscribe(thread.id, 0);
  await until(() => expect(seqs).toEqual([1]));
  mock.broadcast({ type: 'resync', thread_id: thread.id });
  await until(() =>
    expect(mock.commands.at(-1)).toEqual({ op: 'subscribe', thread_id: thread.id, after_seq: 1 }),
  );
});

test('a post resolves with the ack of the server', async () => {
  const { baseUrl, thread } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  const ack = await live.post({ thread_id: thread.id, body: 'hello' });
  expect(ack).toMatchObject({ thread_id: thread.id, seq: 2, hash: thread.messages[1]?.hash });
  expect(live.unacked).toBe(0);
});

test('a listener that stops the socket when it goes offline ends it for good', async () => {
  const { mock, baseUrl } = await startMock();
  const { live, states } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  await online(live);
  live.on('state', (state) => state === 'offline' && live.stop());
  mock.cutAll();
  await until(() => expect(states.at(-1)).toBe('offline'));
  const later = connect(baseUrl, await signIn(baseUrl, 'ana'), { backoff: { baseMs: 200, capMs: 200 } });
  await online(later.live);
  mock.cutAll();
  await until(() => expect(later.states.filter((state) => state === 'online')).toHaveLength(2));
  expect(states).toEqual(['connecting', 'online', 'offline']);
});

test('a post whose ack was lost is sent again with the same ref and written once', async () => {
  const { mock, baseUrl, thread } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  await online(live);
  mock.cutBeforeAcks = 2;
  const ack = await live.post({ thread_id: thread.id, body: 'once' });
  expect(ack.seq).toBe(2);
  expect(thread.messages.filter((message) => message.body === 'once')).toHaveLength(1);
  expect(new Set(mock.commands.map((command) => command['ref'])).size).toBe(1);
});

test('a post made while offline goes out after the connection is there', async () => {
  const { mock, baseUrl, thread } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  await online(live);
  mock.refuseUpgrades = true;
  mock.cutAll();
  await until(() => expect(live.state).toBe('offline'));
  const acked = live.post({ thread_id: thread.id, body: 'patience' });
  expect(live.unacked).toBe(1);
  mock.refuseUpgrades = false;
  expect((await acked).seq).toBe(2);
});

test('a passing refusal is retried and a final one rejects the post with its code', async () => {
  const { mock, baseUrl, thread } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  mock.refusals = ['unavailable'];
  expect((await live.post({ thread_id: thread.id, body: 'try again' })).seq).toBe(2);
  mock.refusals = ['conflict'];
  await expect(live.post({ thread_id: thread.id, body: 'no' })).rejects.toMatchObject({
    code: 'conflict',
  });
});

test('a post into a thread one may not see is refused as not found', async () => {
  const { mock, baseUrl, ana } = await startMock();
  const hidden = mock.store.addThread(ana, 'Not for Mel');
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  const post = live.post({ thread_id: hidden.id, body: 'hello?' });
  await expect(post).rejects.toMatchObject({ code: 'not_found' });
});

test('an expiring token is renewed on the open socket', async () => {
  const { mock, baseUrl } = await startMock();
  const { live, states } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  await online(live);
  mock.broadcast({ type: 'expiring', expires_at: new Date().toISOString() });
  await until(() => expect(mock.commands.at(-1)?.op).toBe('authenticate'));
  expect(mock.tokens.refreshCalls).toBe(1);
  expect(states).toEqual(['connecting', 'online']);
});

test('a close with 4401 renews the token before coming back', async () => {
  const { mock, baseUrl } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  await online(live);
  mock.tokens.access.clear();
  mock.closeAll(4401);
  await until(() => expect(mock.tokens.refreshCalls).toBe(1));
  await online(live);
});

test('a refused upgrade leads to a renewed token', async () => {
  const { mock, baseUrl } = await startMock();
  const http = await signIn(baseUrl, 'mel');
  mock.tokens.access.clear();
  const { live } = connect(baseUrl, http);
  await online(live);
  expect(mock.tokens.refreshCalls).toBe(1);
});

test('a refused refresh ends the session and rejects what waits', async () => {
  const { mock, baseUrl, thread } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  const ended: Problem[] = [];
  live.on('ended', (problem) => ended.push(problem));
  await online(live);
  mock.tokens.refresh.clear();
  mock.refuseUpgrades = true;
  mock.closeAll(4401);
  await until(() => expect(live.state).toBe('offline'));
  const post = live.post({ thread_id: thread.id, body: 'too late' });
  await expect(post).rejects.toMatchObject({ code: 'invalid_token' });
  expect(ended).toHaveLength(1);
  const later = live.post({ thread_id: thread.id, body: 'much too late' });
  await expect(later).rejects.toMatchObject({ code: 'invalid_token' });
});

test('a close with 4403 ends the session instead of knocking for ever', async () => {
  const { mock, baseUrl } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  const ended: Problem[] = [];
  live.on('ended', (problem) => ended.push(problem));
  await online(live);
  mock.closeAll(4403);
  await until(() => expect(ended[0]?.code).toBe('forbidden'));
});

test('a silent server is noticed by ping and left for a new connection', async () => {
  const { mock, baseUrl } = await startMock();
  mock.mute = true;
  const http = await signIn(baseUrl, 'mel');
  const { states } = connect(baseUrl, http, { pingEveryMs: 30, pongWithinMs: 30 });
  await until(() => expect(states.filter((state) => state === 'online').length).toBeGreaterThan(1));
});

test('a probe finds a dead connection long before the next ping', async () => {
  const { mock, baseUrl } = await startMock();
  const { live, states } = connect(baseUrl, await signIn(baseUrl, 'mel'), { probeWithinMs: 40 });
  await online(live);
  live.probe();
  await until(() => expect(mock.commands.at(-1)?.op).toBe('ping'));
  expect(states).toEqual(['connecting', 'online']);
  mock.mute = true;
  live.probe();
  await until(() => expect(states).toEqual(['connecting', 'online', 'offline', 'connecting', 'online']));
});

test('a burst of posts stays under the limit of frames per second and arrives whole', async () => {
  const { mock, baseUrl, thread } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  await online(live);
  const startedAt = Date.now();
  await Promise.all(Array.from({ length: 40 }, (_, i) => live.post({ thread_id: thread.id, body: `${i}` })));
  expect(Date.now() - startedAt).toBeGreaterThan(600);
  expect(thread.messages.map((message) => message.body).slice(1)).toEqual(
    Array.from({ length: 40 }, (_, i) => `${i}`),
  );
  expect(mock.commands).toHaveLength(40);
});
