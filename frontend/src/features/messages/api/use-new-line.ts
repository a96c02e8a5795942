import type { Thread } from '@wardroom/client/types';
import { useEffect, useState } from 'react';
import { attentive, onAttention } from '../../../shared/attention.ts';
import { useSession } from '../../../shared/session/use-session.ts';
import { cameIn, lookedAway, lookedBack, openedLine } from './new-line.ts';

/** The seq after which the line "New" stands, or null. */
export function useNewLine(thread: Thread): number | null {
  const { live, me } = useSession();
  const threadId = thread.id;
  const [line, setLine] = useState(() => {
    const opened = openedLine(thread.my_read_seq ?? 0, (thread.unread ?? 0) > 0);
    return attentive() ? opened : lookedAway(opened, thread.last_seq);
  });
  useEffect(() => {
    const off = [
      live.on('message', ({ thread_id, seq, author }) => {
        if (thread_id === threadId) setLine((now) => cameIn(now, seq, author.id === me.id));
      }),
      onAttention(() => {
        const seq = live.lastSeq(threadId) ?? 0;
        setLine((now) => (attentive() ? lookedBack(now) : lookedAway(now, seq)));
      }),
    ];
    return () => off.forEach((stop) => stop());
  }, [live, me.id, threadId]);
  return line.after;
}
