import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { NewThread } from '@wardroom/client/types';
import { useSession } from '../../../shared/session/use-session.ts';
import { placeThread, threadKeys } from '../../../shared/thread-cache.ts';

export function useCreateThread() {
  const { http } = useSession();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (thread: NewThread) => http.createThread(thread),
    onSuccess: (thread) => {
      client.setQueryData(threadKeys.one(thread.id), thread);
      placeThread(client, thread);
    },
  });
}
