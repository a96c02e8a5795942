// The message box. Enter sends, Shift+Enter makes a new line; what is typed stays with its
// thread while one looks at another.

import { Button, Textarea } from '@mantine/core';
import { useState, type KeyboardEvent, type RefObject } from 'react';
import { useSession } from '../../../shared/session/use-session.ts';
import { pendingPostsOf } from '../api/pending-posts.ts';

/** The contract's limit for a body, in bytes of UTF-8. */
const BODY_BYTES_MAX = 16 * 1024;

const utf8 = new TextEncoder();

/** Unsent texts by thread, in memory only. */
const drafts = new Map<string, string>();

interface Props {
  threadId: string;
  boxRef: RefObject<HTMLTextAreaElement | null>;
}

export function Composer({ threadId, boxRef }: Props) {
  const { live } = useSession();
  const [text, setText] = useState(() => drafts.get(threadId) ?? '');
  const write = (next: string) => {
    drafts.set(threadId, next);
    setText(next);
  };
  const tooLong = text.length > BODY_BYTES_MAX / 4 && utf8.encode(text).length > BODY_BYTES_MAX;
  const send = () => {
    if (text.trim() === '' || tooLong) return;
    pendingPostsOf(live).post(threadId, text.trim());
    write('');
    boxRef.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form className="wr-composer" aria-label="Write a message"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}>
      <Textarea ref={boxRef} className="wr-composer-box" aria-label="Message" placeholder="Write a message" autosize
        minRows={1} maxRows={8} value={text} onChange={(event) => write(event.currentTarget.value)} onKeyDown={onKeyDown}
        error={tooLong ? 'This is longer than 16 KiB. Shorten it, or attach it as a file.' : undefined} />
      <Button type="submit" aria-disabled={text.trim() === '' || tooLong}>
        Send
      </Button>
    </form>
  );
}
