// The threads as TanStack Query holds them, and the few changes that live events make to them.
//
// Two kinds of query: ['threads', filter] is an infinite list, ['thread', id] one thread. Events
// carry no `unread` and no `my_read_seq` of the caller, so these are counted on from the list.

import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { Message, Page, Thread, ThreadStatus } from '@wardroom/client/types';

export type ThreadPages = InfiniteData<Page<Thread>, string | undefined>;

export const threadKeys = {
  lists: ['threads'] as const,
  list: (status: ThreadStatus) => ['threads', status] as const,
  one: (id: string) => ['thread', id] as const,
};

/** The thread as an event says it, with the caller's own counts carried on. */
export function mergeThread(known: Thread, event: Thread): Thread {
  const mine = known.my_read_seq ?? 0;
  const read = Math.max(mine, event.my_read_seq ?? 0);
  const added = Math.max(0, event.last_seq - known.last_seq);
  const lastSeq = Math.max(known.last_seq, event.last_seq);
  return {
    ...known,
    ...event,
    last_seq: lastSeq,
    my_read_seq: read,
    unread: Math.min((known.unread ?? 0) + added, Math.max(0, lastSeq - read)),
  };
}

export function withMessage(thread: Thread, message: Message, myId: string): Thread {
  if (message.seq <= thread.last_seq) return thread;
  const own = message.author.id === myId;
  return {
    ...thread,
    last_seq: message.seq,
    last_message_at: message.created_at,
    unread: (thread.unread ?? 0) + (own ? 0 : 1),
  };
}

export function withReadMark(thread: Thread, seq: number): Thread {
  if (seq <= (thread.my_read_seq ?? 0) && !thread.unread) return thread;
  const left = Math.max(0, thread.last_seq - seq);
  return {
    ...thread,
    my_read_seq: Math.max(seq, thread.my_read_seq ?? 0),
    unread: Math.min(thread.unread ?? 0, left),
  };
}

/** Apply a change to one thread wherever it is held. */
export function updateThread(client: QueryClient, id: string, change: (thread: Thread) => Thread): void {
  client.setQueryData<Thread>(threadKeys.one(id), (thread) => thread && change(thread));
  for (const [key, data] of client.getQueriesData<ThreadPages>({ queryKey: threadKeys.lists })) {
    if (data && findInPages(data, id)) {
      client.setQueryData(key, mapPages(data, (thread) => (thread.id === id ? change(thread) : thread)));
    }
  }
}

/** A thread event: it may be new here, or belong into the other list now. */
export function placeThread(client: QueryClient, event: Thread): void {
  const known = findThread(client, event.id);
  const thread = known ? mergeThread(known, event) : event;
  if (client.getQueryData(threadKeys.one(event.id))) client.setQueryData(threadKeys.one(event.id), thread);
  for (const status of ['open', 'closed'] as const) {
    const data = client.getQueryData<ThreadPages>(threadKeys.list(status));
    if (!data) continue;
    const without = dropFromPages(data, event.id);
    client.setQueryData(threadKeys.list(status), thread.status === status ? putFirst(without, thread) : without);
  }
}

export function removeThread(client: QueryClient, id: string): void {
  for (const status of ['open', 'closed'] as const) {
    client.setQueryData<ThreadPages>(threadKeys.list(status), (data) => data && dropFromPages(data, id));
  }
  void client.invalidateQueries({ queryKey: threadKeys.one(id) });
}

export function findThread(client: QueryClient, id: string): Thread | undefined {
  const one = client.getQueryData<Thread>(threadKeys.one(id));
  if (one) return one;
  for (const [, data] of client.getQueriesData<ThreadPages>({ queryKey: threadKeys.lists })) {
    const found = data && findInPages(data, id);
    if (found) return found;
  }
  return undefined;
}

/** Newest first, each once, however the pages came in. */
export function sortedThreads(pages: ThreadPages | undefined): Thread[] {
  const byId = new Map<string, Thread>();
  for (const page of pages?.pages ?? []) for (const thread of page.results) byId.set(thread.id, thread);
  const when = (thread: Thread) => thread.last_message_at ?? thread.created_at;
  return [...byId.values()].sort((a, b) => when(b).localeCompare(when(a)));
}

function findInPages(data: ThreadPages, id: string): Thread | undefined {
  return data.pages.flatMap((page) => page.results).find((thread) => thread.id === id);
}

function mapPages(data: ThreadPages, change: (thread: Thread) => Thread): ThreadPages {
  return { ...data, pages: data.pages.map((page) => ({ ...page, results: page.results.map(change) })) };
}

function dropFromPages(data: ThreadPages, id: string): ThreadPages {
  const pages = data.pages.map((page) => ({
    ...page,
    results: page.results.filter((thread) => thread.id !== id),
  }));
  return { ...data, pages };
}

function putFirst(data: ThreadPages, thread: Thread): ThreadPages {
  const [first, ...rest] = data.pages;
  if (!first) return data;
  return { ...data, pages: [{ ...first, results: [thread, ...first.results] }, ...rest] };
}
