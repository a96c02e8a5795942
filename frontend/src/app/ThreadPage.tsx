// One thread: its head, its conversation, and its details on demand. Composes three features
// that do not know each other.

import { Button, Drawer, Skeleton, Stack } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { Problem } from '@wardroom/client/problem';
import type { Thread } from '@wardroom/client/types';
import { useEffect, useRef } from 'react';
import { Link, useLocation, useParams } from 'react-router';
import { Conversation } from '../features/messages/components/Conversation.tsx';
import { Faces } from '../features/participants/components/Faces.tsx';
import { ParticipantsPanel } from '../features/participants/components/ParticipantsPanel.tsx';
import { useThread } from '../features/threads/api/use-thread.ts';
import { ThreadFacts } from '../features/threads/components/ThreadFacts.tsx';
import { SHORTCUTS } from '../shared/shortcuts.ts';
import { ThreadChips } from '../shared/ui/Chips.tsx';
import { DIALOG } from '../shared/ui/dialog.ts';
import { EmptyNote, ErrorNote } from '../shared/ui/Notes.tsx';

export function ThreadPage() {
  const { threadId = '' } = useParams();
  const thread = useThread(threadId);
  if (thread.data && !gone(thread.error)) return <OneThread key={threadId} thread={thread.data} />;
  if (thread.isPending) {
    return (
      <Stack p="md" role="status" aria-label="Loading the thread" aria-busy="true">
        <Skeleton height={28} width="60%" />
        <Skeleton height={36} />
      </Stack>
    );
  }
  if (gone(thread.error)) {
    return (
      <EmptyNote title="This thread is not here">
        It does not exist, or you do not take part in it any more. <Link to="/">Back to the list</Link>
      </EmptyNote>
    );
  }
  return <ErrorNote error={thread.error} onRetry={() => void thread.refetch()} />;
}

function gone(error: unknown): boolean {
  return error instanceof Problem && (error.status === 404 || error.status === 403 || error.status === 400);
}

function OneThread({ thread }: { thread: Thread }) {
  const [detailed, details] = useDisclosure(false);
  const boxRef = useRef<HTMLTextAreaElement>(null);
  const titleRef = useRef<HTMLHeadingElement>(null);
  useFocusOnArrival(titleRef);
  useHotkeys(
    [
      [SHORTCUTS.write.hotkey, () => boxRef.current?.focus()],
      [SHORTCUTS.details.hotkey, details.toggle],
    ],
    [],
  );
  return (
    <>
      <div className="wr-thread-head">
        <Link to="/" className="wr-back" aria-label="Back to the list">
          <span aria-hidden="true">←</span>
        </Link>
        <div className="wr-thread-title">
          <h2 ref={titleRef} tabIndex={-1}>
            {thread.title}
          </h2>
          <div className="wr-thread-facts">
            <ThreadChips thread={thread} />
            <Faces thread={thread} onOpen={details.open} />
          </div>
        </div>
        <Button size="xs" variant="default" onClick={details.open} aria-haspopup="dialog">
          Details
        </Button>
      </div>
      <Conversation thread={thread} boxRef={boxRef} />
      <Drawer opened={detailed} onClose={details.close} position="right" size="sm" title="Details"
        {...DIALOG}>
        <Stack gap="xl">
          <ThreadFacts thread={thread} />
          <ParticipantsPanel thread={thread} />
        </Stack>
      </Drawer>
    </>
  );
}

/** After going to a thread from the list, reading starts at its title; a reload moves nothing. */
function useFocusOnArrival(ref: React.RefObject<HTMLElement | null>): void {
  const { key } = useLocation();
  useEffect(() => {
    if (key !== 'default') ref.current?.focus({ preventScroll: true });
  }, [key, ref]);
}
