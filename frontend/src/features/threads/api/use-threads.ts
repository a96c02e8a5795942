import { useInfiniteQuery } from '@tanstack/react-query';
import type { Page, Thread, ThreadStatus } from '@wardroom/client/types';
import { useSession } from '../../../shared/session/use-session.ts';
import { threadKeys, type ThreadPages } from '../../../shared/thread-cache.ts';

/** Live events keep the list current; this catches what they cannot carry. */
const REFETCH_MS = 60_000;

export function useThreads(status: ThreadStatus) {
  const { http } = useSession();
  return useInfiniteQuery<Page<Thread>, Error, ThreadPages, ReturnType<typeof threadKeys.list>, string | undefined>({
    queryKey: threadKeys.list(status),
    queryFn: ({ pageParam }) => http.threads({ status, limit: 50, ...(pageParam && { cursor: pageParam }) }),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.next || undefined,
    refetchInterval: REFETCH_MS,
  });
}
