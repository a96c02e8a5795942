// A socket whose events the test makes.

import type { LiveSocket } from '@wardroom/client/live-socket';
import type { PresenceStatus } from '@wardroom/client/types';

export class FakeLive {
  state = 'online';
  readonly people = new Map<string, PresenceStatus>();
  private readonly listeners = new Map<string, ((payload: unknown) => void)[]>();

  on(name: string, listener: (payload: unknown) => void): () => void {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
    return () => undefined;
  }

  say(name: string, payload: unknown): void {
    if (name === 'state') this.state = String(payload);
    for (const listener of this.listeners.get(name) ?? []) listener(payload);
  }

  presenceOf(userId: string): PresenceStatus {
    return this.people.get(userId) ?? 'offline';
  }

  get socket(): LiveSocket {
    return this as unknown as LiveSocket;
  }
}
