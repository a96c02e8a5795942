// The signed-in page: header, list, and the chosen thread. On a phone the list and the thread are
// separate screens; which one is shown follows from the address.

import { useDisclosure, useHotkeys } from '@mantine/hooks';
import type { Thread } from '@wardroom/client/types';
import { useEffect, useRef } from 'react';
import { Outlet, useNavigate, useParams } from 'react-router';
import { ShortcutsDialog } from '../features/account/components/ShortcutsDialog.tsx';
import { useOwnPresence } from '../features/connection/api/use-own-presence.ts';
import { ConnectionBanner } from '../features/connection/components/ConnectionBanner.tsx';
import { usePendingGuard } from '../features/messages/api/use-pending-posts.ts';
import { useLiveThreads } from '../features/threads/api/use-live-threads.ts';
import { useThreadList } from '../features/threads/api/use-thread-list.ts';
import { useThreadTitle } from '../features/threads/api/use-thread.ts';
import { useThreads } from '../features/threads/api/use-threads.ts';
import { NewThreadDialog } from '../features/threads/components/NewThreadDialog.tsx';
import { ThreadList } from '../features/threads/components/ThreadList.tsx';
import { mayPost, useSession } from '../shared/session/use-session.ts';
import { SHORTCUTS } from '../shared/shortcuts.ts';
import { sortedThreads } from '../shared/thread-cache.ts';
import { Header, useTenantName } from './Header.tsx';

export function Workspace() {
  const { me } = useSession();
  const { threadId } = useParams();
  const list = useThreadList();
  const searchRef = useRef<HTMLInputElement>(null);
  const [creating, create] = useDisclosure(false);
  const [helping, help] = useDisclosure(false);
  const navigate = useNavigate();
  const tenant = useTenantName();
  const mayOpen = mayPost(me.role);
  useLiveThreads();
  useOwnPresence();
  usePendingGuard();
  useTitle(threadId, tenant);
  const step = (by: number) => {
    const at = list.threads.findIndex((thread) => thread.id === threadId);
    const next = list.threads[at < 0 ? 0 : at + by];
    if (next) void navigate(`/threads/${next.id}`);
  };
  useHotkeys(
    [
      [SHORTCUTS.search.hotkey, () => searchRef.current?.focus()],
      [SHORTCUTS.newThread.hotkey, () => mayOpen && create.open()],
      [SHORTCUTS.next.hotkey, () => step(1)],
      [SHORTCUTS.previous.hotkey, () => step(-1)],
      [SHORTCUTS.help.hotkey, help.open],
    ],
    [],
  );
  const created = (thread: Thread) => {
    create.close();
    void navigate(`/threads/${thread.id}`);
  };
  return (
    <div className="wr-page" data-screen={threadId ? 'thread' : 'list'}>
      <a className="wr-skip" href="#main">
        Skip to the conversation
      </a>
      <Header onShortcuts={help.open} />
      <ConnectionBanner />
      <div className="wr-columns">
        <ThreadList list={list} searchRef={searchRef} {...(mayOpen && { onNew: create.open })} />
        <main id="main" className="wr-main" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <NewThreadDialog opened={creating} onClose={create.close} onCreated={created} />
      <ShortcutsDialog opened={helping} onClose={help.close} />
    </div>
  );
}

/** The tab says how much is unread in all open threads, whatever the list shows, and where one is. */
function useTitle(threadId: string | undefined, tenant: string): void {
  const threads = sortedThreads(useThreads('open').data);
  const unread = threads.reduce((sum, thread) => sum + (thread.unread ?? 0), 0);
  const title = useThreadTitle(threadId);
  useEffect(() => {
    const parts = [title, tenant, 'Wardroom'].filter(Boolean).join(' · ');
    document.title = unread > 0 ? `(${unread}) ${parts}` : parts;
    return () => void (document.title = 'Wardroom');
  }, [unread, title, tenant]);
}
