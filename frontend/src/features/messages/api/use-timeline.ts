// Loads the end of a thread and keeps it live: history by HTTP up to now, then the socket from
// exactly there. Leaving the thread ends the subscription; coming back resumes it.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Thread } from '@wardroom/client/types';
import { useCallback, useEffect } from 'react';
import { useSession } from '../../../shared/session/use-session.ts';
import { lastSeq, timelineOf, withLive, type Timeline } from './timeline.ts';
import { usePendingStore } from './use-pending-posts.ts';

export const PAGE = 50;
/** The contract's limit for a list. */
export const PAGE_MAX = 200;
/** Rows of what is known already above the first unread one. */
const CONTEXT = 10;

export function timelineKey(threadId: string) {
  return ['timeline', threadId] as const;
}

/** `thread` says where it stands now; what comes after is replayed by the socket. Everything unread
 * is loaded at once where one page can hold it. */
export function useTimeline(thread: Thread) {
  const { id: threadId, last_seq: threadLastSeq } = thread;
  const { http, live } = useSession();
  const store = usePendingStore();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: timelineKey(threadId),
    queryFn: async (): Promise<Timeline> => {
      if (threadLastSeq === 0) return { messages: [], complete: true };
      const unread = threadLastSeq - (thread.my_read_seq ?? 0);
      const limit = Math.min(PAGE_MAX, Math.max(PAGE, unread + CONTEXT));
      const page = await http.messages(threadId, { before_seq: threadLastSeq + 1, limit });
      return timelineOf(page.results);
    },
    staleTime: Infinity,
  });

  const loaded = query.isSuccess;
  const startAt = useCallback(() => {
    const timeline = client.getQueryData<Timeline>(timelineKey(threadId));
    return timeline ? lastSeq(timeline) : 0;
  }, [client, threadId]);

  useEffect(() => {
    if (!loaded) return undefined;
    const off = live.on('message', (message) => {
      if (message.thread_id !== threadId) return;
      client.setQueryData<Timeline>(timelineKey(threadId), (timeline) => timeline && withLive(timeline, message));
      if (message.client_id) store.settle(message.client_id);
    });
    live.subscribe(threadId, startAt());
    return () => {
      off();
      live.unsubscribe(threadId);
    };
  }, [live, client, store, threadId, loaded, startAt]);

  return query;
}
