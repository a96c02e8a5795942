import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ThreadPatch } from '@wardroom/client/types';
import { useSession } from '../../../shared/session/use-session.ts';
import { placeThread } from '../../../shared/thread-cache.ts';

export function usePatchThread(id: string) {
  const { http } = useSession();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (patch: ThreadPatch) => http.patchThread(id, patch),
    onSuccess: (thread) => placeThread(client, thread),
  });
}
