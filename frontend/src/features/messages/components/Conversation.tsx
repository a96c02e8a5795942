// Messages and message box of one thread.

import { Skeleton, Stack } from '@mantine/core';
import type { Thread } from '@wardroom/client/types';
import { useState, type RefObject } from 'react';
import { mayPost, useSession } from '../../../shared/session/use-session.ts';
import { ErrorNote } from '../../../shared/ui/Notes.tsx';
import { useTimeline } from '../api/use-timeline.ts';
import { Composer } from './Composer.tsx';
import { MessageList } from './MessageList.tsx';

interface Props {
  thread: Thread;
  boxRef: RefObject<HTMLTextAreaElement | null>;
}

/** Mount with `key={thread.id}`: everything here belongs to one thread. */
export function Conversation({ thread, boxRef }: Props) {
  const { me } = useSession();
  const [readSeq] = useState(thread.my_read_seq ?? 0);
  const timeline = useTimeline(thread.id, thread.last_seq);
  return (
    <>
      {timeline.data && <MessageList threadId={thread.id} timeline={timeline.data} readSeq={readSeq} />}
      {timeline.isPending && <MessageSkeletons />}
      {timeline.isError && !timeline.data && (
        <div className="wr-messages">
          <ErrorNote error={timeline.error} onRetry={() => void timeline.refetch()} />
        </div>
      )}
      <Footer thread={thread} canPost={mayPost(me.role)} boxRef={boxRef} />
    </>
  );
}

function Footer({ thread, canPost, boxRef }: Props & { canPost: boolean }) {
  if (!canPost) return <p className="wr-composer-note">You read along; auditors do not write.</p>;
  if (thread.status === 'closed') {
    return <p className="wr-composer-note">This thread is closed. An analyst can reopen it under Details.</p>;
  }
  return <Composer threadId={thread.id} boxRef={boxRef} />;
}

function MessageSkeletons() {
  return (
    <Stack className="wr-messages" gap="md" p="md" aria-busy="true" role="status" aria-label="Loading messages">
      {[70, 45, 85, 60].map((width) => (
        <Skeleton key={width} height={36} width={`${width}%`} radius="sm" />
      ))}
    </Stack>
  );
}
