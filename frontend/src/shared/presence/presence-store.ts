// Who is online, away or offline, as the socket tells it.
//
// After each connect the server tells everybody who is not offline; who is not named is offline.
// So what was known before a break is kept for a moment, and dropped when it was not told again.
// Without a connection nothing is known, and nothing is shown.
// Next: use-presence.ts

import type { LiveSocket } from '@wardroom/client/live-socket';

export type Presence = 'online' | 'away' | 'offline';

/** A break shorter than this changes nothing on the screen. */
export const LOST_MS = 2_000;
/** The snapshot after a connect is one answer away; what it did not name by then is offline. */
export const SNAPSHOT_MS = 3_000;

export class PresenceStore {
  private readonly byUser = new Map<string, Presence>();
  private untold = new Set<string>();
  private known: boolean;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  /** One for each socket, for as long as the socket lives. */
  constructor(live: LiveSocket) {
    this.known = live.state === 'online';
    live.on('presence', ({ user_id, status }) => this.told(user_id, status));
    live.on('state', (state) => (state === 'online' ? this.connected() : this.lost()));
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Null: not known, there is no connection. */
  of(userId: string): Presence | null {
    return this.known ? (this.byUser.get(userId) ?? 'offline') : null;
  }

  private told(userId: string, status: string): void {
    this.untold.delete(userId);
    if (status === 'online' || status === 'away') this.byUser.set(userId, status);
    else this.byUser.delete(userId);
    this.changed();
  }

  private connected(): void {
    this.known = true;
    this.untold = new Set(this.byUser.keys());
    this.later(SNAPSHOT_MS, () => {
      for (const userId of this.untold) this.byUser.delete(userId);
      this.untold.clear();
    });
    this.changed();
  }

  private lost(): void {
    if (!this.known) return;
    this.later(LOST_MS, () => {
      this.known = false;
    });
  }

  private later(ms: number, change: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      change();
      this.changed();
    }, ms);
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

const stores = new WeakMap<LiveSocket, PresenceStore>();

export function presenceOf(live: LiveSocket): PresenceStore {
  let store = stores.get(live);
  if (!store) {
    store = new PresenceStore(live);
    stores.set(live, store);
  }
  return store;
}
