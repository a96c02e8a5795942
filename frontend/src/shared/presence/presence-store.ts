// Who is there, as far as it is known: the socket remembers what it was told, and without a
// connection for longer than a moment nothing is known, and nothing is shown.
// Next: use-presence.ts

import type { LiveSocket } from '@wardroom/client/live-socket';
import type { PresenceStatus } from '@wardroom/client/types';

/** A break shorter than this changes nothing on the screen. */
export const LOST_MS = 2_000;

export class PresenceStore {
  private known: boolean;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();
  private readonly live: LiveSocket;

  /** One for each socket, for as long as the socket lives. */
  constructor(live: LiveSocket) {
    this.live = live;
    this.known = live.state === 'online';
    live.on('presence', () => this.changed());
    live.on('state', (state) => {
      if (state === 'online') this.learn(true);
      else this.timer ??= setTimeout(() => this.learn(false), LOST_MS);
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Null: not known. */
  of(userId: string): PresenceStatus | null {
    return this.known ? this.live.presenceOf(userId) : null;
  }

  private learn(known: boolean): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.known = known;
    this.changed();
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
