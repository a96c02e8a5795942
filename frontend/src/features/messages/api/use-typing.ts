import type { LiveSocket } from '@wardroom/client/live-socket';
import { useCallback, useEffect, useSyncExternalStore } from 'react';
import { useSession } from '../../../shared/session/use-session.ts';
import { TypingStore } from './typing.ts';

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

/** Tells the thread that I type, or have given it up; leaving the box gives it up. */
export function useTellTyping(threadId: string): (active: boolean) => void {
  const { live } = useSession();
  const tell = useCallback((active: boolean) => live.typing(threadId, active), [live, threadId]);
  useEffect(() => () => tell(false), [tell]);
  return tell;
}
