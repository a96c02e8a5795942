// The conversation: rows, history above, what is being sent below, ways to the first unread and
// to the newest message, and a word to screen readers for each new one.

import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import type { Message, Thread } from '@wardroom/client/types';
import { useMemo, useRef, useState } from 'react';
import { mayPost, useSession } from '../../../shared/session/use-session.ts';
import { SHORTCUTS } from '../../../shared/shortcuts.ts';
import { dayName } from '../../../shared/words.ts';
import { marksOf, type Marks } from '../api/marks.ts';
import { isShownWhole, lastSeq, rowsOf, type Row, type Timeline } from '../api/timeline.ts';
import { useNewLine } from '../api/use-new-line.ts';
import { usePendingPosts } from '../api/use-pending-posts.ts';
import { useReadMark } from '../api/use-read-mark.ts';
import { useReaders } from '../api/use-readers.ts';
import { ActsContext, type Acts } from './acts.ts';
import { Earlier } from './Earlier.tsx';
import { MessageRow } from './MessageRow.tsx';
import { PendingRow } from './PendingRow.tsx';
import { SmallRow, smallWords } from './SmallRow.tsx';
import { ToNew } from './ToNew.tsx';
import { useFollowEnd } from './use-follow-end.ts';
import { useJump } from './use-jump.ts';

interface Props {
  thread: Thread;
  timeline: Timeline;
  /** Absent where I may not write. */
  onCorrect?: (message: Message) => void;
}

export function MessageList({ thread, timeline, onCorrect }: Props) {
  const { me } = useSession();
  const { messages } = timeline;
  const listRef = useRef<HTMLDivElement>(null);
  const { posts, store } = usePendingPosts(thread.id, lastSeq(timeline));
  const newAfter = useNewLine(thread);
  const jump = useJump(thread.id, listRef);
  const firstKey = `${messages[0]?.seq ?? 0}`;
  const size = messages.length + posts.length;
  const { atEnd, onScroll, toEnd } = useFollowEnd(listRef, { firstKey, size, mine: posts.length, newAfter });
  useReadMark(thread.id, listRef, size);
  useHotkeys([[SHORTCUTS.unread.hotkey, () => newAfter !== null && jump.toNew(newAfter)]], []);
  const acts = useMemo(
    (): Acts => ({ jumpTo: jump.toSeq, mayAcknowledge: mayPost(me.role), ...(onCorrect && { correct: onCorrect }) }),
    [jump.toSeq, me.role, onCorrect],
  );
  return (
    <div className="wr-messages">
      <div className="wr-scroll" ref={listRef} onScroll={onScroll} tabIndex={0} role="region" aria-label="Messages">
        <Earlier threadId={thread.id} timeline={timeline} />
        <ActsContext value={acts}>
          <ol className="wr-stream">
            <Rows thread={thread} messages={messages} newAfter={newAfter} />
            {posts.map((post) => (
              <li key={post.ref}>
                <PendingRow post={post} store={store} />
              </li>
            ))}
          </ol>
        </ActsContext>
      </div>
      {newAfter !== null && (
        <ToNew key={newAfter} listRef={listRef} missing={(messages[0]?.seq ?? 0) > newAfter + 1} busy={jump.busy}
          onPress={() => jump.toNew(newAfter)} />
      )}
      {!atEnd && (
        <Button className="wr-to-end" size="compact-sm" radius="xl" onClick={toEnd}>
          To the newest message ↓
        </Button>
      )}
      <Announcer last={messages.at(-1)} myId={me.id} />
    </div>
  );
}

function Rows({ thread, messages, newAfter }: { thread: Thread; messages: Message[]; newAfter: number | null }) {
  const { me } = useSession();
  const rows = useMemo(() => rowsOf(messages, newAfter, me.id), [messages, newAfter, me.id]);
  const marks = useMemo(() => marksOf(messages), [messages]);
  const readers = useReaders(thread, messages);
  return rows.map((row) => (
    <li key={row.key}>
      <RowView row={row} myId={me.id} marks={marks} readers={readers} />
    </li>
  ));
}

interface RowProps {
  row: Row;
  myId: string;
  marks: Map<number, Marks>;
  readers: ReturnType<typeof useReaders>;
}

function RowView({ row, myId, marks, readers }: RowProps) {
  if (row.type === 'day') return <div className="wr-divider">{dayName(row.at)}</div>;
  if (row.type === 'small') return <SmallRow messages={row.messages} />;
  if (row.type === 'new') {
    return (
      <div className="wr-divider wr-divider-new" data-new tabIndex={-1}>
        New
      </div>
    );
  }
  const { message } = row;
  return (
    <MessageRow message={message} own={message.author.id === myId} marks={marks.get(message.seq)}
      readers={readers.bySeq.get(message.seq)} nameOf={readers.nameOf} />
  );
}

/** Speaks what others write from the moment the thread was opened. */
function Announcer({ last, myId }: { last: Message | undefined; myId: string }) {
  const [openedAt] = useState(last?.seq ?? 0);
  const fresh = last && last.seq > openedAt && last.author.id !== myId;
  return (
    <div className="wr-hidden" role="log" aria-live="polite" aria-label="New messages">
      {fresh && <p key={last.seq}>{isShownWhole(last.kind) ? `${last.author.name}: ${last.body}` : smallWords(last)}</p>}
    </div>
  );
}
