// How components reach the session.

import type { ConnectionState } from '@wardroom/client/connection';
import type { Role } from '@wardroom/client/types';
import { createContext, useContext, useSyncExternalStore } from 'react';
import { SessionStore, type Session, type SessionState } from './session-store.ts';

export const sessionStore = new SessionStore();

export const SessionContext = createContext<Session | null>(null);

export function useSessionState(): SessionState {
  return useSyncExternalStore(sessionStore.subscribe, sessionStore.snapshot);
}

/** The session; only below the signed-in part of the tree. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession outside of a signed-in page');
  return session;
}

export function useConnectionState(): ConnectionState {
  const { live } = useSession();
  return useSyncExternalStore(
    (listener) => live.on('state', listener),
    () => live.state,
  );
}

/** Analysts and administrators change threads and invite. */
export function mayManage(role: Role): boolean {
  return role === 'analyst' || role === 'admin';
}

export function mayPost(role: Role): boolean {
  return role === 'member' || role === 'analyst' || role === 'admin';
}
