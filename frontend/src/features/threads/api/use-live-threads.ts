// Lets live events change the threads that are held: new ones appear, counts go on, closed ones
// move. Mounted once. After a reconnect the lists are fetched again: thread events are not replayed.

import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useConnectionState, useSession } from '../../../shared/session/use-session.ts';
import {
  placeThread,
  removeThread,
  threadKeys,
  updateThread,
  withMessage,
  withReadMark,
} from '../../../shared/thread-cache.ts';

export function useLiveThreads(): void {
  const { live, me } = useSession();
  const client = useQueryClient();
  const state = useConnectionState();
  const seenOnline = useRef(false);

  useEffect(() => {
    const off = [
      live.on('thread', ({ thread, change }) =>
        change === 'removed' ? removeThread(client, thread.id) : placeThread(client, thread),
      ),
      live.on('message', (message) =>
        updateThread(client, message.thread_id, (thread) => withMessage(thread, message, me.id)),
      ),
      live.on('read', ({ thread_id, user_id, seq }) => {
        if (user_id === me.id) updateThread(client, thread_id, (thread) => withReadMark(thread, seq));
      }),
    ];
    return () => off.forEach((stop) => stop());
  }, [live, client, me.id]);

  useEffect(() => {
    if (state !== 'online') return;
    if (seenOnline.current) {
      void client.invalidateQueries({ queryKey: threadKeys.lists });
      void client.invalidateQueries({ queryKey: ['thread'] });
    }
    seenOnline.current = true;
  }, [state, client]);
}
