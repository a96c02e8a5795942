import { QueryClient } from '@tanstack/react-query';
import type { Message, Thread } from '@wardroom/client/types';
import { expect, test } from 'vitest';
import {
  findThread,
  mergeThread,
  placeThread,
  removeThread,
  sortedThreads,
  threadKeys,
  withMessage,
  withReadMark,
  type ThreadPages,
} from '../src/shared/thread-cache.ts';

function thread(id: string, extra: Partial<Thread> = {}): Thread {
  return {
    id,
    tenant_id: 'acme',
    title: id,
    status: 'open',
    waiting_on: null,
    severity: 'low',
    tlp: 'amber',
    last_seq: 5,
    last_message_at: '2026-03-01T12:00:00Z',
    created_at: '2026-03-01T11:00:00Z',
    unread: 2,
    my_read_seq: 3,
    ...extra,
  };
}
const message = (seq: number, author: string) =>
  ({ seq, thread_id: 'a', author: { id: author }, created_at: '2026-03-02T12:00:00Z' }) as Message;

function clientWith(...open: Thread[]): QueryClient {
  const client = new QueryClient();
  const pages = (results: Thread[]) => ({ pages: [{ results, next: null }], pageParams: [undefined] });
  client.setQueryData(threadKeys.list('open'), pages(open));
  client.setQueryData(threadKeys.list('closed'), pages([]));
  return client;
}
const listed = (client: QueryClient, status: 'open' | 'closed') =>
  sortedThreads(client.getQueryData<ThreadPages>(threadKeys.list(status))).map(({ id }) => id);

test('an event without counts of the caller keeps the known ones and counts on', () => {
  const merged = mergeThread(thread('a'), thread('a', { last_seq: 7, unread: 0, my_read_seq: 0 }));
  expect(merged).toMatchObject({ last_seq: 7, my_read_seq: 3, unread: 4 });
});

test('an older event does not take the thread back', () => {
  expect(mergeThread(thread('a', { last_seq: 9 }), thread('a')).last_seq).toBe(9);
});

test('a message of somebody else counts as unread and one of mine does not', () => {
  expect(withMessage(thread('a'), message(6, 'ana'), 'mel').unread).toBe(3);
  expect(withMessage(thread('a'), message(6, 'mel'), 'mel').unread).toBe(2);
});

test('a message that was counted already is not counted again', () => {
  expect(withMessage(thread('a'), message(5, 'ana'), 'mel').unread).toBe(2);
});

test('a read mark to the end leaves nothing unread and never goes back', () => {
  const read = withReadMark(thread('a'), 5);
  expect(read).toMatchObject({ unread: 0, my_read_seq: 5 });
  expect(withReadMark(read, 2).my_read_seq).toBe(5);
});

test('a new thread appears in the list of its status', () => {
  const client = clientWith(thread('a'));
  placeThread(client, thread('b', { last_message_at: '2026-03-03T12:00:00Z' }));
  expect(listed(client, 'open')).toEqual(['b', 'a']);
});

test('a closed thread moves to the other list', () => {
  const client = clientWith(thread('a'));
  placeThread(client, thread('a', { status: 'closed' }));
  expect([listed(client, 'open'), listed(client, 'closed')]).toEqual([[], ['a']]);
});

test('a removed thread is gone from the lists', () => {
  const client = clientWith(thread('a'), thread('b'));
  removeThread(client, 'a');
  expect(listed(client, 'open')).toEqual(['b']);
  expect(findThread(client, 'a')).toBeUndefined();
});
