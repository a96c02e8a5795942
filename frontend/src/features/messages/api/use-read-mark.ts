// Tells the server how far I have read, once the end of the thread was really on the screen.

import { useDocumentVisibility } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useSession } from '../../../shared/session/use-session.ts';
import { updateThread, withReadMark } from '../../../shared/thread-cache.ts';

/** Scrolling past or a burst of messages makes one mark, not many. */
const SETTLE_MS = 300;

export function useReadMark(threadId: string, seq: number, atEnd: boolean): void {
  const { http, live } = useSession();
  const client = useQueryClient();
  const visible = useDocumentVisibility() === 'visible';
  const sent = useRef({ threadId: '', seq: 0 });
  useEffect(() => {
    if (!visible || !atEnd || seq === 0) return undefined;
    updateThread(client, threadId, (thread) => withReadMark(thread, seq));
    const timer = setTimeout(() => {
      if (sent.current.threadId === threadId && sent.current.seq >= seq) return;
      sent.current = { threadId, seq };
      if (!live.tell({ op: 'read', thread_id: threadId, seq })) {
        // A lost mark is not worth an error: the next one covers it.
        http.markRead(threadId, seq).catch(() => undefined);
      }
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [client, http, live, threadId, seq, visible, atEnd]);
}
