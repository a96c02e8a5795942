import { useQuery } from '@tanstack/react-query';
import { useSession } from '../../../shared/session/use-session.ts';
import { threadKeys } from '../../../shared/thread-cache.ts';

export function useThread(id: string) {
  const { http } = useSession();
  return useQuery({
    queryKey: threadKeys.one(id),
    queryFn: ({ signal }) => http.thread(id, signal),
  });
}

/** The title, once the thread is there; asks for nothing by itself. */
export function useThreadTitle(id: string | undefined): string | undefined {
  const { http } = useSession();
  const { data } = useQuery({
    queryKey: threadKeys.one(id ?? ''),
    queryFn: ({ signal }) => http.thread(id ?? '', signal),
    enabled: false,
  });
  return data?.title;
}
