import { useEffect, useSyncExternalStore } from 'react';
import { keptFor } from '../../../shared/kept.ts';
import { useSession } from '../../../shared/session/use-session.ts';
import { pendingPostsOf, type PendingPosts } from './pending-posts.ts';

export function usePendingStore(): PendingPosts {
  const { live, me } = useSession();
  return pendingPostsOf(live, keptFor(me.id));
}

/** Mounted once: posts kept from a session that ended go out, and closing the page asks first. */
export function usePendingGuard(): void {
  const { live } = useSession();
  usePendingStore();
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => live.unacked > 0 && event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [live]);
}

/** What is pending in a thread; posts that its timeline, up to `lastSeq`, holds already are left out. */
export function usePendingPosts(threadId: string, lastSeq: number) {
  const store = usePendingStore();
  const all = useSyncExternalStore(store.subscribe, () => store.of(threadId));
  const posts = all.filter(({ seq }) => seq === undefined || seq > lastSeq);
  return { posts, store };
}
