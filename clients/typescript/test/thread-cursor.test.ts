import { expect, test } from 'vitest';
import { Backoff } from '../src/backoff.ts';
import { ThreadCursor } from '../src/thread-cursor.ts';
import type { Message } from '../src/types.ts';

const message = (seq: number) => ({ seq, thread_id: 't' }) as Message;
const seqs = (messages: Message[]) => messages.map(({ seq }) => seq);

test('messages before the start are dropped', () => {
  const cursor = new ThreadCursor('t', 5);
  expect(cursor.take(message(5))).toEqual({ ready: [], gap: false });
});

test('an early message waits for the one before it', () => {
  const cursor = new ThreadCursor('t', 0);
  expect(cursor.take(message(3))).toEqual({ ready: [], gap: true });
  expect(cursor.take(message(2))).toEqual({ ready: [], gap: true });
  expect(seqs(cursor.take(message(1)).ready)).toEqual([1, 2, 3]);
  expect(cursor.last).toBe(3);
});

test('a message that comes twice is handed out once', () => {
  const cursor = new ThreadCursor('t', 0);
  cursor.take(message(1));
  expect(cursor.take(message(1)).ready).toEqual([]);
});

test('a subscription without a start begins after the last seq of the server', () => {
  const cursor = new ThreadCursor('t', null);
  cursor.begin(9);
  expect(seqs(cursor.take(message(10)).ready)).toEqual([10]);
});

test('waits are spread over nearly all of their length', () => {
  const wait = (random: number) => new Backoff({ baseMs: 1000, capMs: 9000, random: () => random }).nextMs();
  expect([wait(0), wait(0.5), wait(1)]).toEqual([100, 550, 1000]);
});

test('waits grow to the cap and start small again after a reset', () => {
  const backoff = new Backoff({ baseMs: 100, capMs: 350, random: () => 1 });
  expect([backoff.nextMs(), backoff.nextMs(), backoff.nextMs()]).toEqual([100, 200, 350]);
  backoff.reset();
  expect(backoff.nextMs()).toBe(100);
});
