// For each message, who has read to there; for my newest, who has read it; and their names.

import { useQuery } from '@tanstack/react-query';
import type { DirectoryEntry, Message, Receipt, Thread } from '@wardroom/client/types';
import { useMemo } from 'react';
import { mayManage, useSession } from '../../../shared/session/use-session.ts';
import { namesOf, readHere, seenOwn } from './receipts.ts';
import { useReceipts } from './use-receipts.ts';

export interface Readers {
  /** Those whose newest read message this is. */
  here: Receipt[];
  /** For my newest message: everybody who has read it. */
  seen?: Receipt[];
}

export type NameOf = ReturnType<typeof namesOf>;

export function useReaders(thread: Thread, messages: Message[]) {
  const { me } = useSession();
  const receipts = useReceipts(thread.id);
  const { participants } = thread;
  const bySeq = useMemo(() => {
    const all = new Map<number, Readers>();
    for (const [seq, here] of readHere(messages, receipts, me.id)) all.set(seq, { here });
    const own = seenOwn(messages, receipts, me.id);
    if (own) all.set(own.seq, { here: all.get(own.seq)?.here ?? [], seen: own.by });
    return all;
  }, [messages, receipts, me.id]);
  const known = useMemo(() => {
    const writers = messages.map(({ author }) => author);
    return [...writers, ...(participants ?? []).map(({ user_id, name }) => ({ id: user_id, name }))];
  }, [messages, participants]);
  const others = useColleagues([...receipts.keys()].some((id) => id !== me.id && namesOf(known)(id) === null));
  const nameOf = useMemo(() => namesOf([...others, ...known]), [others, known]);
  return { bySeq, nameOf };
}

const NOBODY: DirectoryEntry[] = [];
/** Of the directory; a SOC with more people than this shows some of them without a name. */
const COLLEAGUES_MAX = 200;

/** Those who read along without taking part; only the SOC may ask the directory who they are. */
function useColleagues(wanted: boolean): DirectoryEntry[] {
  const { http, me } = useSession();
  const { data } = useQuery({
    queryKey: ['colleagues'],
    queryFn: async () => (await http.directory('', COLLEAGUES_MAX)).results,
    enabled: wanted && mayManage(me.role),
    staleTime: Infinity,
  });
  return data ?? NOBODY;
}
