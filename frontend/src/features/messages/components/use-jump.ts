// Going to a message by its number, or to the line "New", loading history where it is not there yet.

import { useCallback, useState, type RefObject } from 'react';
import { useLoadBackTo } from '../api/use-earlier.ts';

/** React draws what was loaded within a few frames; one second is more than enough. */
const FRAMES_MAX = 60;

export interface Jump {
  toSeq: (seq: number) => void;
  toNew: (newAfter: number) => void;
  /** History is on its way. */
  busy: boolean;
}

export function useJump(threadId: string, listRef: RefObject<HTMLElement | null>): Jump {
  const loadBackTo = useLoadBackTo(threadId);
  const [busy, setBusy] = useState(false);
  const go = useCallback(
    async (seq: number, selector: string) => {
      setBusy(true);
      try {
        if (await loadBackTo(seq)) whenThere(listRef, selector, FRAMES_MAX);
      } catch {
        // No connection: the button stays, and works when there is one.
      } finally {
        setBusy(false);
      }
    },
    [loadBackTo, listRef],
  );
  const toSeq = useCallback((seq: number) => void go(seq, `[data-seq="${seq}"]`), [go]);
  const toNew = useCallback((newAfter: number) => void go(newAfter + 1, '[data-new]'), [go]);
  return { toSeq, toNew, busy };
}

function whenThere(listRef: RefObject<HTMLElement | null>, selector: string, framesLeft: number): void {
  const target = listRef.current?.querySelector<HTMLElement>(selector);
  if (target) show(target);
  else if (framesLeft > 0) requestAnimationFrame(() => whenThere(listRef, selector, framesLeft - 1));
}

function show(target: HTMLElement): void {
  const fold = target.closest('details');
  if (fold) fold.open = true;
  target.scrollIntoView({ block: 'center' });
  target.focus({ preventScroll: true });
}
