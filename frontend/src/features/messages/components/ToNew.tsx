// The way up to the first unread message, until it was on the screen once.

import { Button } from '@mantine/core';
import { useEffect, useState, type RefObject } from 'react';

interface Props {
  listRef: RefObject<HTMLElement | null>;
  /** The line is not among what is loaded, so it is above all of it. */
  missing: boolean;
  busy: boolean;
  onPress: () => void;
}

/** Mount with the line's place as key: another line has not been seen yet. */
export function ToNew({ listRef, missing, busy, onPress }: Props) {
  const [place, setPlace] = useState<'unknown' | 'above' | 'seen'>('unknown');
  const settled = place === 'seen';
  useEffect(() => {
    const list = listRef.current;
    const line = list?.querySelector('[data-new]');
    if (!list || !line || settled) return undefined;
    const observer = new IntersectionObserver(([entry]) => entry && setPlace(placeOf(entry)), { root: list });
    observer.observe(line);
    return () => observer.disconnect();
  }, [listRef, missing, settled]);
  if (!missing && place !== 'above') return null;
  return (
    <Button className="wr-to-new" size="compact-sm" radius="xl" variant="default" loading={busy} onClick={onPress}>
      To the first unread message ↑
    </Button>
  );
}

function placeOf({ isIntersecting, boundingClientRect, rootBounds }: IntersectionObserverEntry) {
  if (isIntersecting) return 'seen';
  return rootBounds && boundingClientRect.top < rootBounds.top ? 'above' : 'unknown';
}
