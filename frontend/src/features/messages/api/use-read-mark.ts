// Tells the server how far I have read: up to the last message whose end was on the screen while
// somebody was looking.

import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, type RefObject } from 'react';
import { attentive, onAttention } from '../../../shared/attention.ts';
import { useSession } from '../../../shared/session/use-session.ts';
import { updateThread, withReadMark } from '../../../shared/thread-cache.ts';

/** Scrolling along or a burst of messages makes a mark now and one this much later, not many. */
const REST_MS = 300;
/** Rows end at fractions of a pixel. */
const SLACK_PX = 2;

/** `size` changes when rows came. */
export function useReadMark(threadId: string, listRef: RefObject<HTMLElement | null>, size: number): void {
  const note = useNote(threadId);
  const look = useCallback(() => {
    const list = listRef.current;
    if (list && attentive()) note(seqInSight(list));
  }, [listRef, note]);
  useEffect(look, [look, size]);
  useEffect(() => {
    const list = listRef.current;
    if (!list) return undefined;
    const observer = new ResizeObserver(look);
    observer.observe(list);
    list.addEventListener('scroll', look, { passive: true });
    const off = onAttention(look);
    return () => {
      observer.disconnect();
      list.removeEventListener('scroll', look);
      off();
    };
  }, [listRef, look]);
}

/** Takes what was seen, and sends the highest of it at a bearable pace. */
function useNote(threadId: string): (seq: number) => void {
  const { live } = useSession();
  const client = useQueryClient();
  const seen = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const send = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    live.read(threadId, seen.current); // what was sent already is not sent again
  }, [live, threadId]);
  useEffect(() => {
    addEventListener('pagehide', send);
    return () => {
      removeEventListener('pagehide', send);
      send();
    };
  }, [send]);
  return useCallback(
    (seq: number) => {
      if (seq <= seen.current) return;
      seen.current = seq;
      updateThread(client, threadId, (thread) => withReadMark(thread, seq));
      if (timer.current !== undefined) return;
      send();
      timer.current = setTimeout(send, REST_MS);
    },
    [client, threadId, send],
  );
}

/** The seq of the last row whose end is above the lower edge of the list; 0 when there is none. */
export function seqInSight(list: HTMLElement): number {
  if (list.clientHeight === 0) return 0;
  const edge = list.getBoundingClientRect().bottom + SLACK_PX;
  const rows = [...list.querySelectorAll<HTMLElement>('[data-read-to]')];
  const last = rows.findLast((row) => row.getBoundingClientRect().bottom <= edge);
  return Number(last?.dataset['readTo'] ?? 0);
}
