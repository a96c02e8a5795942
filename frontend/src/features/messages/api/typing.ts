// Who is typing. Never stored: a word that is lost is said again in three seconds, and one that is
// not said again has ended.
// Next: use-typing.ts

import type { LiveSocket } from '@wardroom/client/live-socket';
import { listWords } from '../../../shared/words.ts';

/** The server ends a typing that is not repeated after 6 s; this is for when its word is lost. */
export const FORGET_MS = 7_000;
/** More names than this are "several people". */
const NAMED_MAX = 3;

const NONE: string[] = [];

export class TypingStore {
  private readonly threads = new Map<string, Map<string, { name: string; timer: ReturnType<typeof setTimeout> }>>();
  private readonly names = new Map<string, string[]>();
  private readonly listeners = new Set<() => void>();

  /** `myId`: my own other tabs are not news to me. */
  constructor(live: LiveSocket, myId: string) {
    live.on('typing', ({ thread_id, user, active }) => {
      if (user.id === myId) return;
      if (active) this.begin(thread_id, user.id, user.name);
      else this.end(thread_id, user.id);
    });
    live.on('message', ({ thread_id, author }) => this.end(thread_id, author.id));
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Names, in the order in which they began; the same array until something changes. */
  of(threadId: string): string[] {
    return this.names.get(threadId) ?? NONE;
  }

  private begin(threadId: string, userId: string, name: string): void {
    const people = this.threads.get(threadId) ?? new Map();
    this.threads.set(threadId, people);
    clearTimeout(people.get(userId)?.timer);
    people.set(userId, { name, timer: setTimeout(() => this.end(threadId, userId), FORGET_MS) });
    this.changed(threadId);
  }

  private end(threadId: string, userId: string): void {
    const people = this.threads.get(threadId);
    clearTimeout(people?.get(userId)?.timer);
    if (people?.delete(userId)) this.changed(threadId);
  }

  private changed(threadId: string): void {
    this.names.set(threadId, [...(this.threads.get(threadId)?.values() ?? [])].map(({ name }) => name));
    for (const listener of [...this.listeners]) listener();
  }
}

export function typingWords(names: string[]): string {
  if (names.length === 0) return '';
  if (names.length > NAMED_MAX) return 'Several people are typing';
  return `${listWords(names)} ${names.length === 1 ? 'is' : 'are'} typing`;
}
