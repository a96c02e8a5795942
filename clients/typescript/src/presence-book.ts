// What is known of other people: who is there, and who types where.
//
// The server tells each change once, and after a reconnect who is there; it does not tell who left
// while we were away. So after a reconnect everybody it has not named again within a moment is
// taken for gone, and whoever was typing when the connection broke is taken to have stopped.
// Next: own-state.ts

import type { PresenceEvent, TypingEvent } from './events.ts';
import type { PresenceStatus } from './types.ts';

/** The server names everybody who is there within this time after a socket opened. */
const NAMED_WITHIN_MS = 3_000;

export class PresenceBook {
  private readonly people = new Map<string, PresenceStatus>();
  /** Known from before the connection was lost, and not named since. */
  private readonly stale = new Set<string>();
  private readonly typing = new Map<string, TypingEvent>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly presenceChanged: (event: PresenceEvent) => void,
    private readonly typingChanged: (event: TypingEvent) => void,
  ) {}

  of(userId: string): PresenceStatus {
    return this.people.get(userId) ?? 'offline';
  }

  hearPresence(event: PresenceEvent): void {
    this.stale.delete(event.user_id);
    if (this.of(event.user_id) === event.status) return;
    if (event.status === 'offline') this.people.delete(event.user_id);
    else this.people.set(event.user_id, event.status);
    this.presenceChanged(event);
  }

  hearTyping(event: TypingEvent): void {
    const key = `${event.thread_id} ${event.user.id}`;
    const before = this.typing.get(key);
    if (event.active) this.typing.set(key, event);
    else this.typing.delete(key);
    // The end names the person as the beginning did.
    if (event.active || before) this.typingChanged({ ...event, user: before?.user ?? event.user });
  }

  connected(): void {
    for (const userId of this.people.keys()) this.stale.add(userId);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.forgetStale(), NAMED_WITHIN_MS);
  }

  disconnected(): void {
    clearTimeout(this.timer);
    for (const event of [...this.typing.values()]) this.hearTyping({ ...event, active: false });
  }

  private forgetStale(): void {
    for (const userId of [...this.stale]) {
      this.hearPresence({ type: 'presence', user_id: userId, status: 'offline' });
    }
  }
}
