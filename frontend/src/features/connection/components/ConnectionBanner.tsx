// Says when the live connection is lost, and nothing while it is there or just coming up.

import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useConnectionState, useSession } from '../../../shared/session/use-session.ts';

/** A hiccup shorter than this is not worth a word; the socket resumes by itself. */
const GRACE_MS = 2_000;

export function ConnectionBanner() {
  const { live } = useSession();
  const state = useConnectionState();
  const online = state === 'online';
  const [shown, setShown] = useState(false);
  if (online && shown) setShown(false);

  useEffect(() => {
    if (online) return undefined;
    const timer = setTimeout(() => setShown(true), GRACE_MS);
    return () => clearTimeout(timer);
  }, [online]);

  useEffect(() => {
    const probe = () => live.probe();
    const probeIfSeen = () => document.visibilityState === 'visible' && probe();
    addEventListener('online', probe);
    addEventListener('offline', probe);
    document.addEventListener('visibilitychange', probeIfSeen);
    return () => {
      removeEventListener('online', probe);
      removeEventListener('offline', probe);
      document.removeEventListener('visibilitychange', probeIfSeen);
    };
  }, [live]);

  return (
    <div role="status" aria-label="Connection">
      {shown && !online && (
        <div className="wr-banner">
          <span>Connection lost. What you write is kept and will be sent when it is back.</span>
          <Button size="compact-xs" variant="white" color="dark" onClick={() => live.retryNow()}>
            {state === 'connecting' ? 'Reconnecting…' : 'Try now'}
          </Button>
        </div>
      )}
    </div>
  );
}
