import { expect, test } from 'vitest';
import { everyItem, HttpClient } from '../src/http-client.ts';
import { signIn, startMock } from './harness.ts';

test('a wrong password is a problem with the code of the server', async () => {
  const { baseUrl } = await startMock();
  const http = new HttpClient({ baseUrl });
  await expect(http.signIn({ username: 'mel', password: 'wrong' })).rejects.toMatchObject({
    status: 401,
    code: 'invalid_credentials',
  });
});

test('a call without signing in is refused before anything is sent', async () => {
  const { baseUrl } = await startMock();
  await expect(new HttpClient({ baseUrl }).me()).rejects.toMatchObject({ code: 'invalid_token' });
});

test('ten calls that meet a refused token spend one refresh token', async () => {
  const { mock, baseUrl } = await startMock();
  const http = await signIn(baseUrl, 'mel');
  mock.tokens.access.clear();
  const profiles = await Promise.all(Array.from({ length: 10 }, () => http.me()));
  expect(profiles.every((profile) => profile.username === 'mel')).toBe(true);
  expect(mock.tokens.refreshCalls).toBe(1);
});

test('a token near its end is renewed before it is used', async () => {
  const { mock, baseUrl } = await startMock();
  let now = Date.now();
  const http = new HttpClient({ baseUrl, now: () => now });
  await http.signIn({ username: 'mel', password: 'secret' });
  now += 571_000; // of 600 s
  await http.me();
  expect(mock.tokens.refreshCalls).toBe(1);
});

test('a kept refresh token resumes the session and a spent one ends it', async () => {
  const { mock, baseUrl } = await startMock();
  const first = await signIn(baseUrl, 'mel');
  const kept = first.tokens.refreshToken as string;
  const changes: unknown[] = [];
  const second = new HttpClient({ baseUrl, onChange: (state) => changes.push(state) });
  second.tokens.resume(kept);
  expect((await second.me()).username).toBe('mel');
  const third = new HttpClient({ baseUrl, onChange: (state) => changes.push(state) });
  third.tokens.resume(kept);
  await expect(third.me()).rejects.toMatchObject({ code: 'invalid_token' });
  expect(third.tokens.signedIn).toBe(false);
  expect(changes.at(-1)).toBeNull();
  expect(mock.tokens.refreshCalls).toBe(2);
});

test('an unreachable server is a retryable problem and keeps the session', async () => {
  const { mock, baseUrl } = await startMock();
  const http = await signIn(baseUrl, 'mel');
  await mock.close();
  await expect(http.me()).rejects.toMatchObject({ code: 'unreachable', retryable: true });
  expect(http.tokens.signedIn).toBe(true);
});

test('signing out forgets the tokens and revokes the refresh token', async () => {
  const { mock, baseUrl } = await startMock();
  const http = await signIn(baseUrl, 'mel');
  const refresh = http.tokens.refreshToken as string;
  await http.signOut();
  expect(http.tokens.signedIn).toBe(false);
  expect(mock.tokens.spent.has(refresh)).toBe(true);
});

test('field errors of a refused request carry their pointers', async () => {
  const { baseUrl } = await startMock();
  const http = await signIn(baseUrl, 'mel');
  await expect(http.createThread({ title: ' ' })).rejects.toMatchObject({
    code: 'validation_failed',
    errors: [{ pointer: '/title' }],
  });
});

test('another tenant sees a thread as not found', async () => {
  const { mock, baseUrl, thread } = await startMock();
  mock.store.addPerson('globex', 'gus', 'admin', 'Gus');
  const http = await signIn(baseUrl, 'gus');
  await expect(http.thread(thread.id)).rejects.toMatchObject({ status: 404, code: 'not_found' });
});

test('every item of a paged list is read to the end', async () => {
  const { mock, baseUrl, mel } = await startMock();
  for (let i = 0; i < 6; i += 1) mock.store.addThread(mel, `Thread ${i}`);
  const http = await signIn(baseUrl, 'mel');
  const titles: string[] = [];
  const pages = everyItem((cursor) => http.threads({ limit: 3, ...(cursor ? { cursor } : {}) }));
  for await (const thread of pages) titles.push(thread.title);
  expect(titles).toHaveLength(7);
});

test('the same client id again is answered with the first message', async () => {
  const { baseUrl, thread } = await startMock();
  const http = await signIn(baseUrl, 'mel');
  const message = { client_id: crypto.randomUUID(), body: 'once' };
  const first = await http.postMessage(thread.id, message);
  expect(await http.postMessage(thread.id, message)).toEqual(first);
});
