import type { Message, MessageKind, Receipt } from '@wardroom/client/types';
import { expect, test } from 'vitest';
import { namesOf, readHere, receiptsOf, seenOwn, withReceipt } from '../src/features/messages/api/receipts.ts';

const AT = '2026-03-01T12:00:00Z';
const message = (seq: number, author: string, kind: MessageKind = 'text') => ({ seq, kind, author: { id: author } }) as Message;
const mark = (user_id: string, seq: number): Receipt => ({ user_id, seq, at: AT });
const TALK = [message(1, 'mel'), message(2, 'ana'), message(3, 'mel'), message(4, 'ana', 'acknowledgement')];
const users = (receipts: Receipt[] | undefined) => receipts?.map(({ user_id }) => user_id);

test('a mark never goes back and an old one changes nothing', () => {
  const receipts = receiptsOf([mark('ana', 3)]);
  expect(withReceipt(receipts, mark('ana', 2))).toBe(receipts);
  expect(withReceipt(receipts, mark('ana', 4)).get('ana')?.seq).toBe(4);
});

test('each reader stands at the newest message they have read', () => {
  const here = readHere(TALK, receiptsOf([mark('ana', 3), mark('bo', 1), mark('mel', 3)]), 'mel');
  expect([...here.keys()]).toEqual([3, 1]);
  expect(users(here.get(3))).toEqual(['ana']);
  expect(users(here.get(1))).toEqual(['bo']);
});

test('a mark on a small line is shown at the message before it', () => {
  expect(users(readHere(TALK, receiptsOf([mark('bo', 4)]), 'mel').get(3))).toEqual(['bo']);
});

test('that somebody has read their own words is not shown', () => {
  expect(readHere(TALK, receiptsOf([mark('ana', 2)]), 'mel').size).toBe(0);
});

test('a mark before everything that is loaded is not shown', () => {
  expect(readHere(TALK.slice(1), receiptsOf([mark('bo', 1)]), 'mel').size).toBe(0);
});

test('my newest message counts everybody who has come past it', () => {
  const receipts = receiptsOf([mark('ana', 4), mark('bo', 3), mark('cy', 2), mark('mel', 4)]);
  const seen = seenOwn(TALK, receipts, 'mel');
  expect(seen?.seq).toBe(3);
  expect(users(seen?.by)).toEqual(['ana', 'bo']);
  expect(seenOwn(TALK, receiptsOf([mark('ana', 2)]), 'mel')).toBeNull();
});

test('a reader the thread does not name has no name', () => {
  const nameOf = namesOf([{ id: 'ana', name: 'Ana Lyst' }]);
  expect([nameOf('ana'), nameOf('x')]).toEqual(['Ana Lyst', null]);
});
