import type { Thread } from '@wardroom/client/types';
import { memo } from 'react';
import { NavLink } from 'react-router';
import { ThreadChips } from '../../../shared/ui/Chips.tsx';
import { Time } from '../../../shared/ui/Time.tsx';
import { shortTime } from '../../../shared/words.ts';

export const ThreadRow = memo(function ThreadRow({ thread }: { thread: Thread }) {
  const unread = thread.unread ?? 0;
  return (
    <NavLink to={`/threads/${thread.id}`} className="wr-row" data-unread={unread > 0 || undefined}>
      <span className="wr-row-top">
        <span className="wr-row-title">{thread.title}</span>
        <span className="wr-row-time">
          <Time at={thread.last_message_at ?? thread.created_at} format={shortTime} />
        </span>
      </span>
      <span className="wr-row-bottom">
        <ThreadChips thread={thread} />
        {unread > 0 && (
          <span className="wr-unread">
            {unread > 99 ? '99+' : unread}
            <span className="wr-hidden"> unread</span>
          </span>
        )}
      </span>
    </NavLink>
  );
});
