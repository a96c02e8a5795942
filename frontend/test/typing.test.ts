import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FORGET_MS, TypingStore, typingWords } from '../src/features/messages/api/typing.ts';
import { FakeLive } from './live-fake.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function store() {
  const live = new FakeLive();
  const typing = new TypingStore(live.socket, 'me');
  const say = (id: string, active: boolean, thread_id = 't') =>
    live.say('typing', { thread_id, user: { id, name: id.toUpperCase() }, active });
  return { live, typing, say };
}

test('somebody who types is named until they stop', () => {
  const { typing, say } = store();
  say('alba', true);
  expect(typing.of('t')).toEqual(['ALBA']);
  expect(typing.of('another thread')).toEqual([]);
  say('alba', false);
  expect(typing.of('t')).toEqual([]);
});

test('a stop that got lost is made up for by time, and a repeat puts it off', () => {
  const { typing, say } = store();
  say('alba', true);
  vi.advanceTimersByTime(FORGET_MS - 1);
  say('alba', true);
  vi.advanceTimersByTime(FORGET_MS - 1);
  expect(typing.of('t')).toEqual(['ALBA']);
  vi.advanceTimersByTime(1);
  expect(typing.of('t')).toEqual([]);
});

test('a message of theirs ends it', () => {
  const { live, typing, say } = store();
  say('alba', true);
  say('aiko', true);
  live.say('message', { thread_id: 't', author: { id: 'alba' } });
  expect(typing.of('t')).toEqual(['AIKO']);
});

test('my own other tab is not news', () => {
  const { typing, say } = store();
  say('me', true);
  expect(typing.of('t')).toEqual([]);
});

test('the same array is handed out until something changes', () => {
  const { typing, say } = store();
  say('alba', true);
  expect(typing.of('t')).toBe(typing.of('t'));
});

test('one, two and three are named, more are several', () => {
  expect(typingWords([])).toBe('');
  expect(typingWords(['Alba'])).toBe('Alba is typing');
  expect(typingWords(['Alba', 'Aiko'])).toBe('Alba and Aiko are typing');
  expect(typingWords(['Alba', 'Aiko', 'André'])).toBe('Alba, Aiko and André are typing');
  expect(typingWords(['A', 'B', 'C', 'D'])).toBe('Several people are typing');
});
