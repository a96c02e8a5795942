// The list as it is shown: one status, narrowed by what is searched for.

import type { Thread, ThreadStatus } from '@wardroom/client/types';
import { useMemo, useState } from 'react';
import { sortedThreads } from '../../../shared/thread-cache.ts';
import { useThreads } from './use-threads.ts';

export interface ThreadListState {
  status: ThreadStatus;
  setStatus: (status: ThreadStatus) => void;
  search: string;
  setSearch: (search: string) => void;
  threads: Thread[];
  query: ReturnType<typeof useThreads>;
}

export function useThreadList(): ThreadListState {
  const [status, setStatus] = useState<ThreadStatus>('open');
  const [search, setSearch] = useState('');
  const query = useThreads(status);
  const threads = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return sortedThreads(query.data).filter((thread) => thread.title.toLowerCase().includes(wanted));
  }, [query.data, search]);
  return { status, setStatus, search, setSearch, threads, query };
}
