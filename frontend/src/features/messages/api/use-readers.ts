// For each message, who has read to there; for my newest, who has read it; and their names.

import type { Message, Receipt, Thread } from '@wardroom/client/types';
import { useMemo } from 'react';
import { useSession } from '../../../shared/session/use-session.ts';
import { namesOf, readHere, seenOwn } from './receipts.ts';
import { useReceipts } from './use-receipts.ts';

export interface Readers {
  /** Those whose newest read message this is. */
  here: Receipt[];
  /** For my newest message: everybody who has read it. */
  seen?: Receipt[];
}

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
  const nameOf = useMemo(() => {
    const writers = messages.map(({ author }) => author);
    return namesOf([...writers, ...(participants ?? []).map(({ user_id, name }) => ({ id: user_id, name }))]);
  }, [messages, participants]);
  return { bySeq, nameOf };
}
