// Tokens on live sockets: renewed in place, and gone from every gateway when their session is.

import type { HttpClient } from '@wardroom/client/http-client';
import { describe, expect, test } from 'vitest';
import { adminCall, askAlone, openTab, tabOn } from './gateways.ts';
import { client, freshClient, login, suiteIsThere, until } from './suite.ts';

const GATEWAYS = ['gateway-1', 'gateway-2'];
const WITHIN_MS = 5_000;
const PASSWORD = 'vq8wzh2kfm3p';

/** Ask until each gateway has answered; the statuses by gateway. */
async function askEach(token: string): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let tries = 0; tries < 60 && Object.keys(seen).length < GATEWAYS.length; tries += 1) {
    const { gateway, status } = await askAlone('/api/chat/me/', token);
    if (gateway) seen[gateway] = status;
  }
  return seen;
}

/** After `end` the sockets on both gateways close with the session, and HTTP refuses its token. */
async function expectTheEnd(http: HttpClient, end: () => Promise<unknown>): Promise<void> {
  const token = await http.tokens.access();
  const tabs = [await tabOn('gateway-1', http), await tabOn('gateway-2', http)];
  const ended: number[] = [];
  for (const { live } of tabs) live.on('ended', () => ended.push(Date.now()));
  expect(await askEach(token)).toEqual({ 'gateway-1': 200, 'gateway-2': 200 });
  await end();
  const endedAt = Date.now();
  await until(() => expect(ended).toHaveLength(2), WITHIN_MS);
  await until(
    async () => expect(await askEach(token)).toEqual({ 'gateway-1': 401, 'gateway-2': 401 }),
    WITHIN_MS - (Date.now() - endedAt),
  );
}

describe.skipIf(!suiteIsThere())('tokens on live sockets', () => {
  test('a fresh token of the same session keeps the socket, one of somebody else closes it with 4403', async () => {
    const http = await freshClient(login(0, 'member'));
    const tab = openTab(http);
    await until(() => expect(tab.live.state).toBe('online'));
    tab.live.tell({ op: 'authenticate', token: await http.tokens.refresh() });
    await until(() => expect(tab.events.some(({ type }) => type === 'authenticated')).toBe(true));
    tab.live.tell({ op: 'authenticate', token: 'a.b.c' });
    await until(() =>
      expect(tab.events.some((event) => event.type === 'error' && event.code === 'invalid_token')).toBe(true),
    );
    expect(tab.live.state).toBe('online');
    const codes: string[] = [];
    tab.live.on('ended', ({ code }) => codes.push(code));
    const other = await client(login(0, 'member', 1));
    tab.live.tell({ op: 'authenticate', token: await other.tokens.access() });
    await until(() => expect(codes).toEqual(['forbidden']));
  });

  test('a sign-out ends sockets and access tokens on every gateway within five seconds', async () => {
    const http = await freshClient(login(0, 'member'));
    const refresh = http.tokens.refreshToken;
    await expectTheEnd(http, async () => {
      // Not by this client, which would forget its tokens: as from another device.
      const answer = await fetch(`${process.env['WARDROOM_URL']}/api/chat/token/revoke/`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ refresh }),
      });
      expect(answer.ok).toBe(true);
    });
  });

  test('a disabled user is out of every gateway within five seconds, and in again when enabled', async () => {
    const { tenant } = login(0, 'member');
    const username = `d${crypto.randomUUID().slice(-12)}`;
    const who = { tenant, username, name: 'Dora Disabled', role: 'member', password: PASSWORD };
    await adminCall('auth.CreateUser', who);
    const http = await freshClient(who);
    await expectTheEnd(http, () => adminCall('auth.DisableUser', { username }));
    await expect(freshClient(who)).rejects.toMatchObject({ status: 401 });
    await adminCall('auth.EnableUser', { username });
    expect(await (await freshClient(who)).me()).toMatchObject({ username });
  });
});
