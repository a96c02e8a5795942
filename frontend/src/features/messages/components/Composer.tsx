// The message box. Enter sends, Shift+Enter makes a new line; what is typed stays with its
// thread while one looks at another. In correcting it holds the words of an earlier message of
// mine, and what is sent is a new message that points at it.

import { Button, Textarea } from '@mantine/core';
import type { Message } from '@wardroom/client/types';
import { useEffect, useState, type KeyboardEvent, type RefObject } from 'react';
import { keptFor } from '../../../shared/kept.ts';
import { useSession } from '../../../shared/session/use-session.ts';
import { usePendingStore } from '../api/use-pending-posts.ts';
import { useTellTyping } from '../api/use-typing.ts';
import { SeqLink } from './SeqLink.tsx';

/** The contract's limit for a body, in bytes of UTF-8. */
const BODY_BYTES_MAX = 16 * 1024;

const utf8 = new TextEncoder();

interface Props {
  threadId: string;
  boxRef: RefObject<HTMLTextAreaElement | null>;
  /** The message that is being corrected. Mount with its seq as key. */
  correcting: Message | null;
  /** Out of correcting. */
  onLeave: () => void;
  /** Into correcting my newest message. */
  onCorrectLast: () => void;
}

export function Composer({ threadId, boxRef, correcting, onLeave, onCorrectLast }: Props) {
  const { text, write, tooLong, send, unchanged } = useText(threadId, correcting, onLeave);
  useEffect(() => {
    if (!correcting) return;
    const box = boxRef.current;
    box?.focus();
    box?.setSelectionRange(box.value.length, box.value.length);
  }, [boxRef, correcting]);
  const leave = () => {
    onLeave();
    write(null);
    requestAnimationFrame(() => boxRef.current?.focus()); // the next box
  };
  const sendNow = () => {
    if (send()) requestAnimationFrame(() => boxRef.current?.focus());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.shiftKey) return;
    const act = keyAct(event.key, { correcting: correcting !== null, empty: text === '' });
    if (!act) return;
    event.preventDefault();
    if (act === 'send') sendNow();
    else if (act === 'leave') leave();
    else onCorrectLast();
  };
  return (
    <form className="wr-composer" aria-label={correcting ? `Correct message ${correcting.seq}` : 'Write a message'}
      onSubmit={(event) => {
        event.preventDefault();
        sendNow();
      }}>
      {correcting && <CorrectingNote seq={correcting.seq} onLeave={leave} />}
      <Textarea ref={boxRef} className="wr-composer-box" aria-label={correcting ? 'Correction' : 'Message'}
        placeholder={correcting ? 'Write it as it should read' : 'Write a message'} autosize minRows={1} maxRows={8}
        value={text} onChange={(event) => write(event.currentTarget.value)} onKeyDown={onKeyDown}
        error={tooLong ? 'This is longer than 16 KiB. Shorten it, or attach it as a file.' : undefined} />
      <Button type="submit" aria-disabled={text.trim() === '' || tooLong || unchanged}>
        {correcting ? 'Send correction' : 'Send'}
      </Button>
    </form>
  );
}

function CorrectingNote({ seq, onLeave }: { seq: number; onLeave: () => void }) {
  return (
    <p className="wr-correcting">
      <span>
        Correcting <SeqLink seq={seq} />. The first words stay in the record, with a link to these.
      </span>
      <Button size="compact-xs" variant="default" onClick={onLeave}>
        Leave (Esc)
      </Button>
    </p>
  );
}

/** What a key does in the box, if it is not for writing. */
function keyAct(key: string, box: { correcting: boolean; empty: boolean }): 'send' | 'leave' | 'correct' | null {
  if (key === 'Enter') return 'send';
  if (key === 'Escape' && box.correcting) return 'leave';
  if (key === 'ArrowUp' && box.empty && !box.correcting) return 'correct';
  return null;
}

/** The text of the box, kept with its thread, and sending it. */
function useText(threadId: string, correcting: Message | null, onSent: () => void) {
  const { me } = useSession();
  const { drafts } = keptFor(me.id);
  const posts = usePendingStore();
  const tellTyping = useTellTyping(threadId);
  const box = correcting ? `${threadId}#${correcting.seq}` : threadId;
  const [text, setText] = useState(() => drafts.get(box) ?? correcting?.body ?? '');
  /** Null: nothing is kept, as if it had never been opened. */
  const write = (next: string | null) => {
    if (next) drafts.set(box, next);
    else drafts.delete(box);
    setText(next ?? '');
    tellTyping(Boolean(next));
  };
  const tooLong = text.length > BODY_BYTES_MAX / 4 && utf8.encode(text).length > BODY_BYTES_MAX;
  const unchanged = correcting !== null && text.trim() === correcting.body.trim();
  const send = (): boolean => {
    if (text.trim() === '' || tooLong || unchanged) return false;
    posts.post(threadId, text.trim(), correcting?.seq);
    drafts.delete(box);
    setText('');
    onSent();
    return true;
  };
  return { text, write, tooLong, unchanged, send };
}
