import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useSession } from '../../../shared/session/use-session.ts';
import { threadKeys } from '../../../shared/thread-cache.ts';

/** Add or remove one person; the thread is fetched again, the event may come first or later. */
export function useChangeParticipants(threadId: string) {
  const { http } = useSession();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ userId, change }: { userId: string; change: 'add' | 'remove' }) =>
      change === 'add' ? http.addParticipant(threadId, userId) : http.removeParticipant(threadId, userId),
    onSuccess: () => client.invalidateQueries({ queryKey: threadKeys.one(threadId) }),
  });
}
