// The conversation: rows, history above, what is being sent below, and a word to screen readers
// for each new message.

import { Button } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import type { Message } from '@wardroom/client/types';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useSession } from '../../../shared/session/use-session.ts';
import { adviceFor, dayName } from '../../../shared/words.ts';
import { lastSeq, rowsOf, type Row, type Timeline } from '../api/timeline.ts';
import { useEarlier } from '../api/use-earlier.ts';
import { usePendingPosts } from '../api/use-pending-posts.ts';
import { useReadMark } from '../api/use-read-mark.ts';
import { MessageRow } from './MessageRow.tsx';
import { PendingRow } from './PendingRow.tsx';
import { SystemRow } from './SystemRow.tsx';
import { useFollowEnd } from './use-follow-end.ts';

interface Props {
  threadId: string;
  timeline: Timeline;
  /** My read mark when the thread was opened: where the line "New" stands. */
  readSeq: number;
}

export function MessageList({ threadId, timeline, readSeq }: Props) {
  const { me } = useSession();
  const { posts, store } = usePendingPosts(threadId, lastSeq(timeline));
  const rows = useMemo(() => rowsOf(timeline.messages, readSeq, me.id), [timeline.messages, readSeq, me.id]);
  const firstKey = `${timeline.messages[0]?.seq ?? 0}`;
  const { listRef, atEnd, onScroll, toEnd } = useFollowEnd(firstKey, timeline.messages.length + posts.length);
  useReadMark(threadId, lastSeq(timeline), atEnd);
  return (
    <div className="wr-messages">
      <div className="wr-scroll" ref={listRef} onScroll={onScroll} tabIndex={0} role="region" aria-label="Messages">
        <Earlier threadId={threadId} timeline={timeline} />
        <ol className="wr-stream">
          {rows.map((row) => (
            <li key={row.key}>
              <RowView row={row} myId={me.id} />
            </li>
          ))}
          {posts.map((post) => (
            <li key={post.ref}>
              <PendingRow post={post} store={store} />
            </li>
          ))}
        </ol>
      </div>
      {!atEnd && (
        <Button className="wr-to-end" size="compact-sm" radius="xl" onClick={toEnd}>
          To the newest message ↓
        </Button>
      )}
      <Announcer last={timeline.messages.at(-1)} myId={me.id} />
    </div>
  );
}

function RowView({ row, myId }: { row: Row; myId: string }) {
  if (row.type === 'day') return <div className="wr-divider">{dayName(row.at)}</div>;
  if (row.type === 'new') return <div className="wr-divider wr-divider-new">New</div>;
  if (row.type === 'system') return <SystemRow messages={row.messages} />;
  return <MessageRow message={row.message} own={row.message.author.id === myId} />;
}

/** Loads history when it scrolls into sight; the button does the same for the keyboard. */
function Earlier({ threadId, timeline }: { threadId: string; timeline: Timeline }) {
  const earlier = useEarlier(threadId);
  const first = timeline.messages[0]?.seq ?? 0;
  const { mutate, isPending, isError } = earlier;
  const load = useCallback(() => mutate(first), [mutate, first]);
  if (timeline.complete) return <p className="wr-start">This is the beginning of the thread.</p>;
  return (
    <div className="wr-start">
      {!isPending && !isError && <Sentinel key={first} onSeen={load} />}
      {isError && <span role="alert">{adviceFor(earlier.error)} </span>}
      <Button size="compact-xs" variant="default" loading={isPending} onClick={load}>
        Earlier messages
      </Button>
    </div>
  );
}

/** Nothing to see; reports when it is scrolled into sight. A new one per page, so that the sight
 * of the last one does not load two. */
function Sentinel({ onSeen }: { onSeen: () => void }) {
  const { ref, entry } = useIntersection({ threshold: 0 });
  const inSight = entry?.isIntersecting ?? false;
  useEffect(() => {
    if (inSight) onSeen();
  }, [inSight, onSeen]);
  return <div ref={ref} />;
}

/** Speaks what others write from the moment the thread was opened. */
function Announcer({ last, myId }: { last: Message | undefined; myId: string }) {
  const [openedAt] = useState(last?.seq ?? 0);
  const fresh = last && last.seq > openedAt && last.author.id !== myId;
  return (
    <div className="wr-hidden" role="log" aria-live="polite" aria-label="New messages">
      {fresh && <p key={last.seq}>{last.kind === 'system' ? last.body : `${last.author.name}: ${last.body}`}</p>}
    </div>
  );
}
