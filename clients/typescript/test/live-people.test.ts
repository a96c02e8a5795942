import { expect, onTestFinished, test, vi } from 'vitest';
import type { LiveSocket } from '../src/live-socket.ts';
import { connect, online, reconnected, signIn, startMock, until } from './harness.ts';

function told(live: LiveSocket) {
  const presence: string[] = [];
  const typing: boolean[] = [];
  live.on('presence', ({ user_id, status }) => presence.push(`${user_id} ${status}`));
  live.on('typing', ({ active }) => typing.push(active));
  return { presence, typing };
}

test('presence is remembered, told when it changes, and unknown people are offline', async () => {
  const { mock, baseUrl } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  const { presence } = told(live);
  await online(live);
  expect(live.presenceOf('ana')).toBe('offline');
  for (const status of ['online', 'online', 'away']) {
    mock.broadcast({ type: 'presence', user_id: 'ana', status });
  }
  await until(() => expect(live.presenceOf('ana')).toBe('away'));
  mock.broadcast({ type: 'presence', user_id: 'ana', status: 'offline' });
  await until(() => expect(presence).toEqual(['ana online', 'ana away', 'ana offline']));
});

test('after a reconnect whoever is not named again is taken for gone, the others never flicker', async () => {
  const { mock, baseUrl } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  const { presence } = told(live);
  await online(live);
  mock.broadcast({ type: 'presence', user_id: 'stays', status: 'online' });
  mock.broadcast({ type: 'presence', user_id: 'left', status: 'online' });
  await until(() => expect(presence).toHaveLength(2));
  await reconnected(live, () => mock.cutAll());
  mock.broadcast({ type: 'presence', user_id: 'stays', status: 'online' });
  await until(() => expect(live.presenceOf('left')).toBe('offline'));
  expect(presence).toEqual(['stays online', 'left online', 'left offline']);
});

test('after falling behind whoever is not named again is taken for gone', async () => {
  const { mock, baseUrl } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  const { presence } = told(live);
  await online(live);
  mock.broadcast({ type: 'presence', user_id: 'stays', status: 'online' });
  mock.broadcast({ type: 'presence', user_id: 'left', status: 'online' });
  await until(() => expect(presence).toHaveLength(2));
  mock.broadcast({ type: 'resync', thread_id: crypto.randomUUID() });
  mock.broadcast({ type: 'presence', user_id: 'stays', status: 'online' });
  await until(() => expect(live.presenceOf('left')).toBe('offline'));
  expect(presence).toEqual(['stays online', 'left online', 'left offline']);
});

test('a lost connection ends what the others were typing', async () => {
  const { mock, baseUrl, ana, thread } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  const { typing } = told(live);
  await online(live);
  mock.broadcast({ type: 'typing', thread_id: thread.id, user: ana, active: true });
  await until(() => expect(typing).toEqual([true]));
  mock.cutAll();
  await until(() => expect(typing).toEqual([true, false]));
  await online(live);
  mock.broadcast({ type: 'typing', thread_id: thread.id, user: ana, active: false });
  mock.broadcast({ type: 'typing', thread_id: thread.id, user: ana, active: true });
  await until(() => expect(typing).toEqual([true, false, true]));
});

test('typing is told every three seconds at most, and a post ends it', async () => {
  const { mock, baseUrl, thread } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  await online(live);
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const said = () => mock.commands.filter(({ op }) => op === 'typing').map((one) => one['active']);
  for (let stroke = 0; stroke < 7; stroke += 1) {
    live.typing(thread.id, true);
    vi.setSystemTime(Date.now() + 1_000);
  }
  live.typing(thread.id, false);
  live.typing(thread.id, false);
  await until(() => expect(said()).toEqual([true, true, true, false]));
  live.typing(thread.id, true);
  await live.post({ thread_id: thread.id, body: 'done' });
  live.typing(thread.id, false);
  live.typing(thread.id, true);
  await until(() => expect(said()).toEqual([true, true, true, false, true, true]));
});

test('read marks never go backwards, and wait for a connection', async () => {
  const { mock, baseUrl, mel, thread } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  live.read(thread.id, 1);
  await until(() => expect(thread.reads.get(mel.id)).toBe(1));
  live.read(thread.id, 5);
  live.read(thread.id, 3);
  await until(() => expect(thread.reads.get(mel.id)).toBe(5));
  mock.refuseUpgrades = true;
  mock.cutAll();
  await until(() => expect(live.state).toBe('offline'));
  live.read(thread.id, 8);
  mock.refuseUpgrades = false;
  await until(() => expect(thread.reads.get(mel.id)).toBe(8));
});

test('being away is said again after a reconnect, being online is not', async () => {
  const { mock, baseUrl } = await startMock();
  const { live } = connect(baseUrl, await signIn(baseUrl, 'mel'));
  const said = () => mock.commands.filter(({ op }) => op === 'presence').map((one) => one['status']);
  const reconnect = async () => {
    await reconnected(live, () => mock.cutAll());
    live.probe(); // what was said before it has arrived when the ping has
    await until(() => expect(mock.commands.at(-1)?.op).toBe('ping'));
  };
  await online(live);
  live.setPresence('online');
  live.setPresence('away');
  await until(() => expect(said()).toEqual(['away']));
  await reconnect();
  expect(said()).toEqual(['away', 'away']);
  live.setPresence('online');
  await until(() => expect(said()).toEqual(['away', 'away', 'online']));
  await reconnect();
  expect(said()).toEqual(['away', 'away', 'online']);
});
