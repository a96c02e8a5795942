import type { LiveSocket, Post } from '@wardroom/client/live-socket';
import { Problem } from '@wardroom/client/problem';
import { expect, test, vi } from 'vitest';
import type { Kept } from '../src/shared/kept.ts';
import { pendingPostsOf } from '../src/features/messages/api/pending-posts.ts';

/** A socket whose answers the test gives. */
function fakeLive() {
  const posts: Post[] = [];
  const answers: { resolve: (value: unknown) => void; reject: (error: unknown) => void }[] = [];
  const post = (one: Post) => {
    posts.push(one);
    return new Promise((resolve, reject) => answers.push({ resolve, reject }));
  };
  let end = () => {};
  const on = (_name: string, listener: () => void) => {
    end = listener;
    return () => undefined;
  };
  return { live: { post, on } as unknown as LiveSocket, posts, answers, end: () => end() };
}
const nothingKept = (): Kept => ({ drafts: new Map(), postsByThread: new Map() });

test('a post is pending until its message arrives', async () => {
  const { live, posts, answers } = fakeLive();
  const store = pendingPostsOf(live, nothingKept());
  store.post('t', 'hello');
  expect(store.of('t')).toMatchObject([{ body: 'hello', state: 'sending' }]);
  answers[0]?.resolve({});
  await vi.waitFor(() => expect(store.of('t')[0]?.state).toBe('acked'));
  store.settle(posts[0]?.ref as string);
  expect(store.of('t')).toEqual([]);
});

test('a refused post says what to do and is sent again with the same ref', async () => {
  const { live, posts, answers } = fakeLive();
  const store = pendingPostsOf(live, nothingKept());
  store.post('t', 'hello');
  answers[0]?.reject(new Problem(403, { code: 'forbidden' }));
  await vi.waitFor(() => expect(store.of('t')[0]?.state).toBe('failed'));
  const [failed] = store.of('t');
  expect(failed?.advice).toContain('administrator');
  if (failed) store.retry(failed);
  expect(store.of('t')[0]?.state).toBe('sending');
  expect(posts[1]?.ref).toBe(posts[0]?.ref);
});

test('an ack that comes after the message changes nothing', async () => {
  const { live, posts, answers } = fakeLive();
  const store = pendingPostsOf(live, nothingKept());
  store.post('t', 'hello');
  store.settle(posts[0]?.ref as string);
  answers[0]?.resolve({});
  await Promise.resolve();
  expect(store.of('t')).toEqual([]);
});

test('a post that was under way when the session ended goes out in the next one with the same ref', async () => {
  const kept = nothingKept();
  const first = fakeLive();
  const store = pendingPostsOf(first.live, kept);
  store.post('t', 'typed before the end', 7);
  first.end();
  first.answers[0]?.reject(new Problem(401, { code: 'invalid_token' }));
  await Promise.resolve();
  expect(store.of('t')).toMatchObject([{ state: 'sending' }]);
  const second = fakeLive();
  pendingPostsOf(second.live, kept);
  expect(second.posts).toEqual(first.posts);
  expect(second.posts[0]).toMatchObject({ body: 'typed before the end', corrects: 7 });
});

test('a refused post is not sent again by the next session', async () => {
  const kept = nothingKept();
  const first = fakeLive();
  const store = pendingPostsOf(first.live, kept);
  store.post('t', 'no');
  first.answers[0]?.reject(new Problem(409, { code: 'conflict', detail: 'the thread is closed' }));
  await vi.waitFor(() => expect(store.of('t')[0]?.state).toBe('failed'));
  expect(store.of('t')[0]?.advice).toBe('This was not recorded: the thread is closed.');
  const second = fakeLive();
  expect(pendingPostsOf(second.live, kept).of('t')).toMatchObject([{ state: 'failed' }]);
  expect(second.posts).toEqual([]);
});
