import { useEffect } from 'react';
import { useSession } from '../../../shared/session/use-session.ts';
import { OwnPresence } from './own-presence.ts';

const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'focus'];

/** Tells the others whether I am at the page. Mounted once. */
export function useOwnPresence(): void {
  const { live } = useSession();
  useEffect(() => {
    const presence = new OwnPresence((status) => live.setPresence(status));
    const sign = () => presence.sign();
    const seen = () => document.visibilityState === 'visible' && presence.sign();
    for (const name of SIGNS) addEventListener(name, sign, { passive: true, capture: true });
    document.addEventListener('visibilitychange', seen);
    return () => {
      presence.stop();
      for (const name of SIGNS) removeEventListener(name, sign, { capture: true });
      document.removeEventListener('visibilitychange', seen);
    };
  }, [live]);
}
