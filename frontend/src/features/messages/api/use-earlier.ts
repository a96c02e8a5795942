import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useSession } from '../../../shared/session/use-session.ts';
import { withEarlier, type Timeline } from './timeline.ts';
import { PAGE, timelineKey } from './use-timeline.ts';

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
