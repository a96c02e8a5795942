import type { LiveSocket } from '@wardroom/client/live-socket';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { useSession } from '../../../shared/session/use-session.ts';
import { TypingSender, TypingStore } from './typing.ts';

const stores = new WeakMap<LiveSocket, TypingStore>();

function storeOf(live: LiveSocket, myId: string): TypingStore {
  const store = stores.get(live) ?? new TypingStore(live, myId);
  stores.set(live, store);
  return store;
}

/** The names of those who type in a thread, without mine. */
export function useTyping(threadId: string): string[] {
  const { live, me } = useSession();
  const store = storeOf(live, me.id);
  return useSyncExternalStore(store.subscribe, () => store.of(threadId));
}

/** Tells the thread that I type; leaving the box ends it. */
export function useTypingSender(threadId: string): TypingSender {
  const { live } = useSession();
  const sender = useMemo(
    () => new TypingSender((active) => void live.tell({ op: 'typing', thread_id: threadId, active })),
    [live, threadId],
  );
  useEffect(() => () => sender.stopped(), [sender]);
  return sender;
}
