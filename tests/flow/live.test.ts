// Presence, typing and read marks over two gateways: who hears of it, and when it ends.

import type { ServerEvent } from '@wardroom/client/events';
import type { HttpClient } from '@wardroom/client/http-client';
import { beforeEach, describe, expect, test } from 'vitest';
import { adminCall, openTab, tabOn, type Tab } from './gateways.ts';
import { client, freshClient, killProgram, login, suiteIsThere, unique, until } from './suite.ts';

const LATE_MS = 5_000; // offline is told this late
const PASSWORD = 'vq8wzh2kfm3p';

interface Person {
  http: HttpClient;
  id: string;
}

/** A new member, so that no other test's sockets are theirs. */
async function newMember(tenant: 0 | 1 = 0): Promise<Person> {
  const username = `p${crypto.randomUUID().slice(-12)}`;
  const created = await adminCall('auth.CreateUser', {
    tenant: login(tenant, 'member').tenant,
    username,
    name: `Person ${username}`,
    role: 'member',
    password: PASSWORD,
  });
  const http = await freshClient({ ...login(tenant, 'member'), username, password: PASSWORD });
  return { http, id: (created as { id: string }).id };
}

/** What a tab was told of somebody, in order. Who comes while a tab opens may be named twice to it,
 * as news and among those who are there: that is no change. */
function statuses(tab: Tab, userId: string): string[] {
  const told = tab.events.flatMap((event) =>
    event.type === 'presence' && event.user_id === userId ? [event.status] : [],
  );
  return told.filter((status, i) => status !== told[i - 1]);
}

function typings(tab: Tab, threadId: string): boolean[] {
  return tab.events.flatMap((event) =>
    event.type === 'typing' && event.thread_id === threadId ? [event.active] : [],
  );
}

function named(tab: Tab, words: string[]): ServerEvent[] {
  return tab.events.filter((event) => words.some((word) => JSON.stringify(event).includes(word)));
}

function reads(tab: Tab, userId: string): number[] {
  return tab.events.flatMap((event) =>
    event.type === 'read' && event.user_id === userId ? [event.seq] : [],
  );
}

async function subscribed(tab: Tab, threadId: string): Promise<void> {
  tab.live.subscribe(threadId);
  await until(() => expect(tab.events.some(({ type }) => type === 'subscribed')).toBe(true));
}

describe.skipIf(!suiteIsThere())('presence, typing and read marks', () => {
  let analyst: HttpClient;
  let member: Person;
  let threadId: string;

  beforeEach(async () => {
    analyst = await client(login(0, 'analyst'));
    member = await newMember();
    ({ id: threadId } = await analyst.createThread({ title: unique('live'), participants: [member.id] }));
  });

  test('tabs on two gateways are one person, who goes when the last of them does', async () => {
    const watcher = await tabOn('gateway-1', analyst);
    const first = await tabOn('gateway-2', member.http);
    await until(() => expect(statuses(watcher, member.id)).toEqual(['online']));
    const second = await tabOn('gateway-1', member.http);
    first.live.setPresence('away');
    second.live.setPresence('away');
    await until(() => expect(statuses(watcher, member.id)).toEqual(['online', 'away']));
    second.live.setPresence('online');
    await until(() => expect(statuses(watcher, member.id)).toEqual(['online', 'away', 'online']));
    second.live.stop();
    await until(() => expect(statuses(watcher, member.id).at(-1)).toBe('away'));
    const closedAt = Date.now();
    first.live.stop();
    await until(() => expect(statuses(watcher, member.id).at(-1)).toBe('offline'));
    expect(Date.now() - closedAt).toBeGreaterThan(LATE_MS - 500);
    expect(Date.now() - closedAt).toBeLessThan(LATE_MS + 3_000);
  });

  test('a page that is loaded again does not flicker, on whatever gateway it comes back', async () => {
    const watcher = await tabOn('gateway-1', analyst);
    for (const gateway of ['gateway-1', 'gateway-2', 'gateway-1', 'gateway-1']) {
      const tab = await tabOn(gateway, member.http);
      await until(() => expect(statuses(watcher, member.id)).toEqual(['online']));
      tab.live.stop();
    }
    await until(() => expect(statuses(watcher, member.id)).toEqual(['online', 'offline']));
  });

  test('who opens a socket is told at once who is there', async () => {
    await tabOn('gateway-2', member.http);
    const admin = await tabOn('gateway-1', await client(login(0, 'admin')));
    await until(() => expect(statuses(admin, member.id)).toContain('online'));
    const other = await newMember();
    await analyst.addParticipant(threadId, other.id);
    const tab = openTab(other.http);
    await until(() => expect(statuses(tab, member.id)).toContain('online'));
  });

  test('a member hears of nobody it shares no thread with, and another tenant of nothing', async () => {
    const outsider = await newMember();
    const stranger = await newMember(1);
    const outside = [
      await tabOn('gateway-1', outsider.http),
      await tabOn('gateway-2', outsider.http),
      await tabOn('gateway-1', stranger.http),
      await tabOn('gateway-1', await client(login(1, 'analyst'))),
      await tabOn('gateway-2', await client(login(1, 'admin'))),
    ];
    const watcher = await tabOn('gateway-2', analyst);
    const tab = await tabOn('gateway-1', member.http);
    await subscribed(watcher, threadId);
    await subscribed(tab, threadId);
    for (const { live } of outside) live.subscribe(threadId);
    tab.live.typing(threadId, true);
    await until(() => expect(typings(watcher, threadId)).toEqual([true]));
    tab.live.setPresence('away');
    await until(() => expect(statuses(watcher, member.id)).toEqual(['online', 'away']));
    tab.live.read(threadId, 1);
    await until(() => expect(reads(watcher, member.id)).toEqual([1]));
    tab.live.stop();
    await until(() => expect(statuses(watcher, member.id).at(-1)).toBe('offline'));
    for (const { events, live } of outside) {
      live.probe(); // what was sent before its pong has come
      await until(() => expect(events.some(({ type }) => type === 'pong')).toBe(true));
    }
    for (const { events, live } of outside) {
      const heard = named({ events, live, gateway: async () => '' }, [member.id, threadId]);
      expect(heard.filter(({ type }) => type !== 'error')).toEqual([]);
    }
  });

  test('whoever is taken out of a thread hears nothing more of those in it', async () => {
    const leaver = await newMember();
    await analyst.addParticipant(threadId, leaver.id);
    const leaving = await tabOn('gateway-2', leaver.http);
    const tab = await tabOn('gateway-1', member.http);
    const watcher = await tabOn('gateway-1', analyst);
    await until(() => expect(statuses(leaving, member.id)).toEqual(['online']));
    await analyst.removeParticipant(threadId, leaver.id);
    await until(() =>
      expect(leaving.events.some((event) => event.type === 'thread' && event.change === 'removed')).toBe(true),
    );
    tab.live.setPresence('away');
    await until(() => expect(statuses(watcher, member.id).at(-1)).toBe('away'));
    leaving.live.probe();
    await until(() => expect(leaving.events.some(({ type }) => type === 'pong')).toBe(true));
    expect(statuses(leaving, member.id)).toEqual(['online']);
  });

  test('typing reaches the others on the other gateway, and ends with a post, a close, and by itself', async () => {
    const watcher = await tabOn('gateway-1', analyst);
    const tab = await tabOn('gateway-2', member.http);
    await subscribed(watcher, threadId);
    await subscribed(tab, threadId);
    tab.live.typing(threadId, true);
    await until(() => expect(typings(watcher, threadId)).toEqual([true]), 2_000);
    expect(typings(tab, threadId)).toEqual([]);
    await tab.live.post({ thread_id: threadId, body: 'done' });
    await until(() => expect(typings(watcher, threadId)).toEqual([true, false]), 2_000);
    const againAt = Date.now();
    await until(() => {
      tab.live.tell({ op: 'typing', thread_id: threadId, active: true });
      expect(typings(watcher, threadId)).toEqual([true, false, true]);
    });
    await until(() => expect(typings(watcher, threadId).at(-1)).toBe(false));
    expect(Date.now() - againAt).toBeGreaterThan(5_500);
    tab.live.tell({ op: 'typing', thread_id: threadId, active: true });
    await until(() => expect(typings(watcher, threadId).at(-1)).toBe(true));
    tab.live.stop();
    await until(() => expect(typings(watcher, threadId).at(-1)).toBe(false), 2_000);
  });

  test('an auditor only reads: its typing is refused', async () => {
    const auditor = openTab(await client(login(0, 'auditor')));
    await subscribed(auditor, threadId);
    auditor.live.tell({ op: 'typing', thread_id: threadId, active: true });
    await until(() =>
      expect(auditor.events.some((event) => event.type === 'error' && event.code === 'forbidden')).toBe(true),
    );
  });

  test('a burst of read marks is few writes, the highest counts, and closing loses none', async () => {
    const watcher = await tabOn('gateway-1', analyst);
    const tab = await tabOn('gateway-2', member.http);
    const sibling = await tabOn('gateway-1', member.http);
    await subscribed(watcher, threadId);
    for (let i = 0; i < 30; i += 1) {
      await analyst.postMessage(threadId, { client_id: crypto.randomUUID(), body: `line ${i}` });
    }
    for (let seq = 1; seq <= 30; seq += 1) tab.live.tell({ op: 'read', thread_id: threadId, seq });
    tab.live.tell({ op: 'read', thread_id: threadId, seq: 12 });
    await until(() => expect(reads(watcher, member.id).at(-1)).toBe(30));
    await until(() => expect(reads(sibling, member.id).at(-1)).toBe(30));
    const seen = reads(watcher, member.id);
    expect(seen.length).toBeLessThan(10);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    tab.live.tell({ op: 'read', thread_id: threadId, seq: 31 });
    tab.live.tell({ op: 'ping' });
    await until(() => expect(tab.events.some(({ type }) => type === 'pong')).toBe(true));
    tab.live.stop();
    await until(async () => {
      const receipts = await analyst.receipts(threadId);
      expect(receipts.results.find(({ user_id }) => user_id === member.id)).toMatchObject({ seq: 31 });
    });
  });

  test('when a gateway is killed, who comes back never flickers and who does not goes within 30 s', async () => {
    const gone = await newMember();
    const watcher = await tabOn('gateway-1', analyst);
    const back = await tabOn('gateway-2', member.http);
    const lost = await tabOn('gateway-2', gone.http);
    lost.live.on('state', (state) => state === 'offline' && lost.live.stop());
    await until(() => expect(statuses(watcher, member.id)).toEqual(['online']));
    await until(() => expect(statuses(watcher, gone.id)).toEqual(['online']));
    const killedAt = Date.now();
    await killProgram('gateway-2');
    await until(() => expect(back.live.state).toBe('online'));
    await until(() => expect(statuses(watcher, gone.id)).toEqual(['online', 'offline']), 30_000);
    expect(Date.now() - killedAt).toBeLessThan(30_000);
    expect(statuses(watcher, member.id)).toEqual(['online']);
    back.live.stop();
    await until(() => expect(statuses(watcher, member.id)).toEqual(['online', 'offline']));
  });

  test('when Redis is killed nobody flickers, and afterwards everything is heard again', async () => {
    const watcher = await tabOn('gateway-1', analyst);
    const tab = await tabOn('gateway-2', member.http);
    const leaver = await newMember();
    const leaving = await tabOn('gateway-2', leaver.http);
    await subscribed(watcher, threadId);
    await subscribed(tab, threadId);
    await until(() => expect(statuses(watcher, leaver.id)).toEqual(['online']));
    await killProgram('redis');
    leaving.live.stop(); // perhaps unheard: what the gateways say after that tells
    const comer = await newMember();
    await tabOn('gateway-2', comer.http);
    await until(() => expect(statuses(watcher, comer.id)).toEqual(['online']), 15_000);
    await until(() => expect(statuses(watcher, leaver.id)).toEqual(['online', 'offline']), 20_000);
    await until(() => {
      tab.live.tell({ op: 'typing', thread_id: threadId, active: true });
      expect(typings(watcher, threadId).at(-1)).toBe(true);
    });
    expect(statuses(watcher, member.id)).toEqual(['online']);
  });
});
