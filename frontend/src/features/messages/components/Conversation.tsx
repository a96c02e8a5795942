// Messages and message box of one thread.

import { Skeleton, Stack } from '@mantine/core';
import type { Message, Thread } from '@wardroom/client/types';
import { useState, type RefObject } from 'react';
import { mayPost, useSession } from '../../../shared/session/use-session.ts';
import { ErrorNote } from '../../../shared/ui/Notes.tsx';
import { lastToCorrect } from '../api/marks.ts';
import { useTimeline } from '../api/use-timeline.ts';
import { Composer } from './Composer.tsx';
import { MessageList } from './MessageList.tsx';
import { TypingLine } from './TypingLine.tsx';

interface Props {
  thread: Thread;
  boxRef: RefObject<HTMLTextAreaElement | null>;
}

/** Mount with `key={thread.id}`: everything here belongs to one thread. */
export function Conversation({ thread, boxRef }: Props) {
  const { me } = useSession();
  const timeline = useTimeline(thread);
  const [correcting, setCorrecting] = useState<Message | null>(null);
  const writes = mayPost(me.role) && thread.status === 'open';
  const correctLast = () => setCorrecting(lastToCorrect(timeline.data?.messages ?? [], me.id) ?? null);
  return (
    <>
      {timeline.data && (
        <MessageList thread={thread} timeline={timeline.data} {...(writes && { onCorrect: setCorrecting })} />
      )}
      {timeline.isPending && <MessageSkeletons />}
      {timeline.isError && !timeline.data && (
        <div className="wr-messages">
          <ErrorNote error={timeline.error} onRetry={() => void timeline.refetch()} />
        </div>
      )}
      <TypingLine threadId={thread.id} />
      {writes ? (
        <Composer key={correcting?.seq ?? 'new'} threadId={thread.id} boxRef={boxRef} correcting={correcting}
          onLeave={() => setCorrecting(null)} onCorrectLast={correctLast} />
      ) : (
        <p className="wr-composer-note">
          {mayPost(me.role)
            ? 'This thread is closed. An analyst can reopen it under Details.'
            : 'You read along; auditors do not write.'}
        </p>
      )}
    </>
  );
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
