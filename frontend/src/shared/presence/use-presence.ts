import type { PresenceStatus } from '@wardroom/client/types';
import { useSyncExternalStore } from 'react';
import { useSession } from '../session/use-session.ts';
import { presenceOf } from './presence-store.ts';

/** The presence of one person; of myself, online while there is a connection. */
export function usePresence(userId: string): PresenceStatus | null {
  const { live, me } = useSession();
  const store = presenceOf(live);
  const told = useSyncExternalStore(store.subscribe, () => store.of(userId));
  return told === 'offline' && userId === me.id ? 'online' : told;
}

/** Of several at once, in the order asked for. */
export function usePresences(userIds: string[]): (PresenceStatus | null)[] {
  const { live, me } = useSession();
  const store = presenceOf(live);
  const all = useSyncExternalStore(store.subscribe, () => userIds.map((id) => store.of(id) ?? '').join(' '));
  return all.split(' ').map((told, index) => {
    if (told === 'offline' && userIds[index] === me.id) return 'online';
    return told === '' ? null : (told as PresenceStatus);
  });
}
