import type { Message } from '@wardroom/client/types';
import { expect, test } from 'vitest';
import { lastToCorrect, marksOf, mayAcknowledge, mayCorrect } from '../src/features/messages/api/marks.ts';

function message(seq: number, extra: Partial<Message> = {}): Message {
  return {
    tenant_id: 'acme',
    thread_id: 't',
    seq,
    kind: 'text',
    author: { id: 'ana', name: 'Ana', role: 'analyst' },
    created_at: `2026-03-01T12:00:0${seq % 10}.000000Z`,
    body: `message ${seq}`,
    hash: 'ab',
    ...extra,
  };
}
const mel = { author: { id: 'mel', name: 'Mel', role: 'member' as const } };

test('a message knows every correction of it and a correction can be corrected', () => {
  const messages = [
    message(1),
    message(2, { kind: 'correction', corrects: 1 }),
    message(3, { kind: 'correction', corrects: 1 }),
    message(4, { kind: 'correction', corrects: 3 }),
  ];
  const marks = marksOf(messages);
  expect(marks.get(1)?.correctedBy).toEqual([2, 3]);
  expect(marks.get(3)?.correctedBy).toEqual([4]);
  expect(marks.get(4)).toBeUndefined();
});

test('a message knows who acknowledged it and when', () => {
  const marks = marksOf([message(1), message(2, { kind: 'acknowledgement', reply_to: 1, ...mel })]);
  expect(marks.get(1)?.acknowledged).toEqual([{ seq: 2, author: mel.author, at: '2026-03-01T12:00:02.000000Z' }]);
});

test('a reply that is no acknowledgement is no mark', () => {
  expect(marksOf([message(1), message(2, { reply_to: 1 })]).size).toBe(0);
});

test('what others said can be acknowledged once and what I said not at all', () => {
  const acknowledged = marksOf([message(1), message(2, { kind: 'acknowledgement', reply_to: 1, ...mel })]).get(1);
  expect(mayAcknowledge(message(1), undefined, 'mel')).toBe(true);
  expect(mayAcknowledge(message(1), acknowledged, 'mel')).toBe(false);
  expect(mayAcknowledge(message(1), acknowledged, 'bo')).toBe(true);
  expect(mayAcknowledge(message(1), undefined, 'ana')).toBe(false);
  expect(mayAcknowledge(message(1, { kind: 'system' }), undefined, 'mel')).toBe(false);
  expect(mayAcknowledge(message(1, { kind: 'acknowledgement' }), undefined, 'mel')).toBe(false);
});

test('only my own words can be corrected, and not when they are erased', () => {
  expect(mayCorrect(message(1), 'ana')).toBe(true);
  expect(mayCorrect(message(1, { kind: 'correction' }), 'ana')).toBe(true);
  expect(mayCorrect(message(1, { kind: 'answer' }), 'ana')).toBe(false);
  expect(mayCorrect(message(1), 'mel')).toBe(false);
  const erased = { at: '2026-03-01T12:00:00Z', policy: 'ninety days', record_seq: 4 };
  expect(mayCorrect(message(1, { erased }), 'ana')).toBe(false);
});

test('the newest of my words is the one the shortcut corrects', () => {
  const messages = [message(1), message(2), message(3, mel), message(4, { kind: 'acknowledgement', reply_to: 3 })];
  expect(lastToCorrect(messages, 'ana')?.seq).toBe(2);
  expect(lastToCorrect(messages, 'bo')).toBeUndefined();
});
