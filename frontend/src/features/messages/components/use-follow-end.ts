// Scrolling of a list that grows at both ends: it stays at the end while one reads there, and it
// stays still where one reads while history is put before or messages come after.

import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from 'react';

/** Nearer to the end than this counts as being there. */
const NEAR_PX = 60;

export interface FollowEnd {
  listRef: RefObject<HTMLDivElement | null>;
  atEnd: boolean;
  onScroll: () => void;
  toEnd: () => void;
}

/** `firstKey` changes when history was put before, `size` when anything changed. */
export function useFollowEnd(firstKey: string, size: number): FollowEnd {
  const listRef = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const before = useRef({ firstKey, height: 0, atEnd: true });

  const toEnd = useCallback(() => {
    const list = listRef.current;
    if (list) list.scrollTop = list.scrollHeight;
  }, []);

  const onScroll = useCallback(() => {
    const list = listRef.current;
    if (!list) return;
    const near = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
    before.current.atEnd = near;
    setAtEnd(near);
  }, []);

  useLayoutEffect(() => {
    const list = listRef.current;
    if (!list) return;
    const was = before.current;
    if (was.atEnd) list.scrollTop = list.scrollHeight;
    else if (was.firstKey !== firstKey) list.scrollTop += list.scrollHeight - was.height;
    before.current = { firstKey, height: list.scrollHeight, atEnd: was.atEnd };
  }, [firstKey, size]);

  // The list's own size changes too: a phone's keyboard, a growing message box.
  useLayoutEffect(() => {
    const list = listRef.current;
    if (!list) return undefined;
    const observer = new ResizeObserver(() => {
      if (before.current.atEnd) list.scrollTop = list.scrollHeight;
    });
    observer.observe(list);
    return () => observer.disconnect();
  }, []);

  return { listRef, atEnd, onScroll, toEnd };
}
