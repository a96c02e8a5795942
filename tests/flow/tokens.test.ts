// Who gets in: log-ins, refresh families, sign-out of live sockets.

import { describe, expect, test } from 'vitest';
import { client, connect, freshClient, login, operator, suiteIsThere, until, url } from './suite.ts';

function post(path: string, json: unknown): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(json),
  });
}

describe.skipIf(!suiteIsThere())('tokens', () => {
  test('a wrong password and an unknown user get the same answer', async () => {
    const who = login(0, 'auditor');
    const wrong = await post('/api/chat/token/', { username: who.username, password: 'not this one' });
    const unknown = await post('/api/chat/token/', { username: 'nobody.at.all', password: 'not this one' });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    const [a, b] = (await Promise.all([wrong.json(), unknown.json()])) as Record<string, unknown>[];
    expect({ ...a, request_id: '' }).toEqual({ ...b, request_id: '' });
  });

  test('me says who I am', async () => {
    const who = login(0, 'analyst');
    const http = await client(who);
    expect(await http.me()).toMatchObject({
      username: who.username,
      role: 'analyst',
      tenant: who.tenant,
    });
  });

  test('without a token, with a broken one and with an unsigned one nothing is served', async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iss: 'wardroom', aud: 'wardroom', use: 'access', role: 'admin', exp: 4e9 };
    const unsigned = `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`;
    for (const token of ['', 'x', 'a.b.c', unsigned, `${unsigned}AAAA`]) {
      const answer = await fetch(`${url}/api/chat/threads/`, {
        headers: token ? { Authorization: `Bearer ${token}` } : {},
      });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(await answer.json()).toMatchObject({ code: 'invalid_token', status: 401 });
    }
  });

  test('a refresh token works once; using it again ends the whole family', async () => {
    const http = await freshClient(login(0, 'member'));
    const spent = http.tokens.refreshToken;
    const rotated = await post('/api/chat/token/refresh/', { refresh: spent });
    expect(rotated.status).toBe(200);
    const fresh = (await rotated.json()) as { refresh: string; access: string };
    expect((await post('/api/chat/token/refresh/', { refresh: spent })).status).toBe(401);
    expect((await post('/api/chat/token/refresh/', { refresh: fresh.refresh })).status).toBe(401);
  });

  test('signing out closes my live socket within five seconds', async () => {
    const http = await freshClient(login(0, 'member'));
    const { live } = connect(http);
    let ended = false;
    const states: string[] = [];
    live.on('ended', () => (ended = true));
    live.on('state', (state) => states.push(state));
    await until(() => expect(live.state).toBe('online'));
    await http.signOut();
    await until(() => expect(ended || states.includes('offline')).toBe(true), 5_000);
  });

  test('an operator sees no content', async () => {
    const http = await freshClient(operator());
    await expect(http.threads()).rejects.toMatchObject({ status: 403, code: 'forbidden' });
  });

  test('roles are sets: a member may not patch, an auditor may not post', async () => {
    const analyst = await client(login(0, 'analyst'));
    const auditor = await client(login(0, 'auditor'));
    const member = await client(login(0, 'member'));
    const me = await member.me();
    const thread = await analyst.createThread({ title: 'roles', participants: [me.id] });
    await expect(member.patchThread(thread.id, { status: 'closed' })).rejects.toMatchObject({ status: 403 });
    await expect(
      auditor.postMessage(thread.id, { client_id: crypto.randomUUID(), body: 'x' }),
    ).rejects.toMatchObject({ status: 403 });
  });
});
