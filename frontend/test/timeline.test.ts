import type { Message } from '@wardroom/client/types';
import { expect, test } from 'vitest';
import { lastSeq, rowsOf, timelineOf, withEarlier, withLive } from '../src/features/messages/api/timeline.ts';

function message(seq: number, extra: Partial<Message> = {}): Message {
  return {
    tenant_id: 'acme',
    thread_id: 't',
    seq,
    kind: 'text',
    author: { id: 'ana', name: 'Ana', role: 'analyst' },
    created_at: '2026-03-01T12:00:00.000000Z',
    body: `message ${seq}`,
    hash: 'ab',
    ...extra,
  };
}
const seqs = (messages: Message[]) => messages.map(({ seq }) => seq);

test('a page of history is put in order whichever way round it came', () => {
  expect(seqs(timelineOf([message(9), message(8), message(7)]).messages)).toEqual([7, 8, 9]);
});

test('history that reaches seq 1 makes the timeline complete', () => {
  const late = timelineOf([message(3), message(4)]);
  expect(late.complete).toBe(false);
  const all = withEarlier(late, [message(1), message(2)]);
  expect(seqs(all.messages)).toEqual([1, 2, 3, 4]);
  expect(all.complete).toBe(true);
});

test('a page that brings nothing new ends the history', () => {
  expect(withEarlier(timelineOf([message(3)]), [message(3)]).complete).toBe(true);
});

test('a live message is added once', () => {
  const timeline = withLive(withLive(timelineOf([message(3)]), message(4)), message(4));
  expect(seqs(timeline.messages)).toEqual([3, 4]);
  expect(lastSeq(timeline)).toBe(4);
});

test('runs of system messages and acknowledgements become one row', () => {
  const system = { kind: 'system' as const };
  const acknowledgement = { kind: 'acknowledgement' as const, reply_to: 1 };
  const messages = [message(1, system), message(2, acknowledgement), message(3), message(4, system)];
  expect(rowsOf(messages, null, 'mel').map(({ type }) => type)).toEqual(['day', 'small', 'message', 'small']);
});

test('days are set apart', () => {
  const rows = rowsOf([message(1), message(2, { created_at: '2026-03-05T12:00:00Z' })], null, 'mel');
  expect(rows.map(({ type }) => type)).toEqual(['day', 'message', 'day', 'message']);
});

test('the line "New" stands before the first unread message of somebody else', () => {
  const mine = { author: { id: 'mel', name: 'Mel', role: 'member' as const } };
  const rows = rowsOf([message(1), message(2, mine), message(3), message(4)], 1, 'mel');
  expect(rows.map(({ key }) => key)).toEqual(['day-1', 'm-1', 'm-2', 'new', 'm-3', 'm-4']);
});

test('without a place for it there is no line "New"', () => {
  expect(rowsOf([message(1), message(2)], null, 'mel').map(({ type }) => type)).not.toContain('new');
});
