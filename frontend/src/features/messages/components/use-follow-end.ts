// Scrolling of a list that grows at both ends: it stays at the end while one reads there, it stays
// still where one reads while history is put before or messages come after, and it does not run
// past the line "New": it stops with that line on top.

import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { attentive } from '../../../shared/attention.ts';

/** Nearer to the end than this counts as being there. */
const NEAR_PX = 60;
/** What stays in sight above the line "New". */
const ABOVE_NEW_PX = 64;

export interface FollowEnd {
  atEnd: boolean;
  onScroll: () => void;
  toEnd: () => void;
}

interface Shape {
  /** Changes when history was put before. */
  firstKey: string;
  /** Changes when anything did. */
  size: number;
  /** Of my own posts under way: when one is added, the list goes to it. */
  mine: number;
  /** The seq that the line "New" stands after. */
  newAfter: number | null;
}

export function useFollowEnd(listRef: RefObject<HTMLDivElement | null>, shape: Shape): FollowEnd {
  const { firstKey, size, mine, newAfter } = shape;
  const [atEnd, setAtEnd] = useState(true);
  const before = useRef({ firstKey, height: 0, mine, atEnd: true, stoppedAt: null as number | null });

  const toEnd = useCallback(() => {
    const list = listRef.current;
    if (list) list.scrollTop = list.scrollHeight;
  }, [listRef]);

  const onScroll = useCallback(() => {
    const list = listRef.current;
    if (!list) return;
    const near = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
    before.current.atEnd = near;
    setAtEnd(near);
  }, [listRef]);

  useLayoutEffect(() => {
    const list = listRef.current;
    if (!list) return undefined;
    const was = before.current;
    const line = newLineOf(list);
    const stops = line !== null && (was.stoppedAt !== newAfter || !attentive());
    if (mine > was.mine) list.scrollTop = list.scrollHeight;
    else if (was.atEnd && stops) list.scrollTop = Math.min(list.scrollHeight, line);
    else if (was.atEnd) list.scrollTop = list.scrollHeight;
    else if (was.firstKey !== firstKey) list.scrollTop += list.scrollHeight - was.height;
    before.current = { ...was, firstKey, height: list.scrollHeight, mine };
    if (line !== null) before.current.stoppedAt = newAfter;
    // Without a move there is no scroll event, and the list may have grown all the same.
    const frame = requestAnimationFrame(onScroll);
    return () => cancelAnimationFrame(frame);
  }, [listRef, firstKey, size, mine, newAfter, onScroll]);

  // The list's own size changes too: a phone's keyboard, a growing message box.
  useLayoutEffect(() => {
    const list = listRef.current;
    if (!list) return undefined;
    const observer = new ResizeObserver(() => {
      if (before.current.atEnd && attentive()) list.scrollTop = list.scrollHeight;
    });
    observer.observe(list);
    return () => observer.disconnect();
  }, [listRef]);

  return { atEnd, onScroll, toEnd };
}

/** How far to scroll for the line "New" to stand on top; null when it is not there. */
function newLineOf(list: HTMLElement): number | null {
  const line = list.querySelector<HTMLElement>('[data-new]');
  if (!line) return null;
  return list.scrollTop + line.getBoundingClientRect().top - list.getBoundingClientRect().top - ABOVE_NEW_PX;
}
