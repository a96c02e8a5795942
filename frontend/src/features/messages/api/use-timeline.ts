// Loads the end of a thread and keeps it live: history by HTTP up to now, then the socket from
// exactly there. Leaving the thread ends the subscription; coming back resumes it.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { useSession } from '../../../shared/session/use-session.ts';
import { pendingPostsOf } from './pending-posts.ts';
import { lastSeq, timelineOf, withLive, type Timeline } from './timeline.ts';

export const PAGE = 50;

export function timelineKey(threadId: string) {
  return ['timeline', threadId] as const;
}

/** `threadLastSeq` is where the thread stands now; what comes after is replayed by the socket. */
export function useTimeline(threadId: string, threadLastSeq: number) {
  const { http, live } = useSession();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: timelineKey(threadId),
    queryFn: async (): Promise<Timeline> => {
      if (threadLastSeq === 0) return { messages: [], complete: true };
      const page = await http.messages(threadId, { before_seq: threadLastSeq + 1, limit: PAGE });
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
    const pending = pendingPostsOf(live);
    const off = live.on('message', (message) => {
      if (message.thread_id !== threadId) return;
      client.setQueryData<Timeline>(timelineKey(threadId), (timeline) => timeline && withLive(timeline, message));
      if (message.client_id) pending.settle(message.client_id);
    });
    live.subscribe(threadId, startAt());
    return () => {
      off();
      live.unsubscribe(threadId);
    };
  }, [live, client, threadId, loaded, startAt]);

  return query;
}
