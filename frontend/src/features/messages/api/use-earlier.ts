import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useSession } from '../../../shared/session/use-session.ts';
import { withEarlier, type Timeline } from './timeline.ts';
import { PAGE, PAGE_MAX, timelineKey } from './use-timeline.ts';

/** One page of history before the first loaded message. */
export function useEarlier(threadId: string) {
  const { http } = useSession();
  const client = useQueryClient();
  return useMutation({
    mutationKey: ['earlier', threadId],
    mutationFn: (beforeSeq: number) => http.messages(threadId, { before_seq: beforeSeq, limit: PAGE }),
    onSuccess: (page) =>
      client.setQueryData<Timeline>(timelineKey(threadId), (timeline) => timeline && withEarlier(timeline, page.results)),
  });
}

/** A jump further back than this many pages of 200 is not made in one go. */
const JUMP_PAGES_MAX = 20;

/** Load history until the message `seq` is there; false when it cannot be had. */
export function useLoadBackTo(threadId: string): (seq: number) => Promise<boolean> {
  const { http } = useSession();
  const client = useQueryClient();
  return useCallback(
    async (seq: number) => {
      const key = timelineKey(threadId);
      for (let pages = 0; pages < JUMP_PAGES_MAX; pages += 1) {
        const timeline = client.getQueryData<Timeline>(key);
        const first = timeline?.messages[0]?.seq ?? 0;
        if (!timeline || timeline.complete || first <= seq) return first <= seq;
        const page = await http.messages(threadId, { before_seq: first, limit: PAGE_MAX });
        client.setQueryData<Timeline>(key, (now) => now && withEarlier(now, page.results));
      }
      return false;
    },
    [http, client, threadId],
  );
}
