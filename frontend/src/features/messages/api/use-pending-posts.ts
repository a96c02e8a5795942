import { useEffect, useSyncExternalStore } from 'react';
import { useSession } from '../../../shared/session/use-session.ts';
import { pendingPostsOf } from './pending-posts.ts';

/** What is pending in a thread; posts that its timeline, up to `lastSeq`, holds already are left out. */
export function usePendingPosts(threadId: string, lastSeq: number) {
  const { live } = useSession();
  const store = pendingPostsOf(live);
  const all = useSyncExternalStore(store.subscribe, () => store.of(threadId));
  const posts = all.filter(({ seq }) => seq === undefined || seq > lastSeq);

  // Closing the page would lose what is not confirmed: let the browser ask.
  useEffect(() => {
    if (posts.length === 0) return undefined;
    const ask = (event: BeforeUnloadEvent) => live.unacked > 0 && event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [live, posts.length]);

  return { posts, store };
}
