import { Button } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { useCallback, useEffect } from 'react';
import { adviceFor } from '../../../shared/words.ts';
import type { Timeline } from '../api/timeline.ts';
import { useEarlier } from '../api/use-earlier.ts';

/** Loads history when it scrolls into sight; the button does the same for the keyboard. */
export function Earlier({ threadId, timeline }: { threadId: string; timeline: Timeline }) {
  const earlier = useEarlier(threadId);
  const first = timeline.messages[0]?.seq ?? 0;
  const { mutate, isPending, isError } = earlier;
  const load = useCallback(() => mutate(first), [mutate, first]);
  if (timeline.complete) return <p className="wr-start">This is the beginning of the thread.</p>;
  return (
    <div className="wr-start">
      {!isPending && !isError && <Sentinel key={first} onSeen={load} />}
      {isError && <span role="alert">{adviceFor(earlier.error)} </span>}
      <Button size="compact-xs" variant="default" loading={isPending} onClick={load}>
        Earlier messages
      </Button>
    </div>
  );
}

/** Nothing to see; reports when it is scrolled into sight. A new one per page, so that the sight
 * of the last one does not load two. */
function Sentinel({ onSeen }: { onSeen: () => void }) {
  const { ref, entry } = useIntersection({ threshold: 0 });
  const inSight = entry?.isIntersecting ?? false;
  useEffect(() => {
    if (inSight) onSeen();
  }, [inSight, onSeen]);
  return <div ref={ref} />;
}
