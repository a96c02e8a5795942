// Read marks of a thread: the list once, then live; after a break the list again.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useSession } from '../../../shared/session/use-session.ts';
import { receiptsOf, withReceipt, type Receipts } from './receipts.ts';

const NOBODY: Receipts = new Map();

export function useReceipts(threadId: string): Receipts {
  const { http, live } = useSession();
  const client = useQueryClient();
  const { data, refetch } = useQuery({
    queryKey: ['receipts', threadId],
    queryFn: async () => {
      const { results } = await http.receipts(threadId);
      const known = client.getQueryData<Receipts>(['receipts', threadId]) ?? NOBODY;
      return results.reduce(withReceipt, receiptsOf([...known.values()]));
    },
    structuralSharing: false, // a Map
  });
  useEffect(() => {
    const off = [
      live.on('read', (mark) => {
        if (mark.thread_id !== threadId) return;
        client.setQueryData<Receipts>(['receipts', threadId], (known) => withReceipt(known ?? NOBODY, mark));
      }),
      live.on('state', (state) => state === 'online' && void refetch()),
    ];
    return () => off.forEach((stop) => stop());
  }, [live, client, threadId, refetch]);
  return data ?? NOBODY;
}
