// Whether I am at the page: away after five minutes without a sign of me. A hidden page gets no
// input, so it is away five minutes after it was left. Other tabs say what they see themselves;
// the server takes the best of all.
// Next: use-own-presence.ts

export const AWAY_AFTER_MS = 5 * 60_000;

export type OwnStatus = 'online' | 'away';

/** Calls `say` when the status changes. */
export class OwnPresence {
  private status: OwnStatus = 'online';
  private lastSignAt: number;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly say: (status: OwnStatus) => void;

  constructor(say: (status: OwnStatus) => void) {
    this.say = say;
    this.lastSignAt = Date.now();
    this.watch(AWAY_AFTER_MS);
  }

  /** A key, the mouse, a touch, or the page coming back to sight. */
  sign(): void {
    this.lastSignAt = Date.now();
    if (this.status === 'away') {
      this.become('online');
      this.watch(AWAY_AFTER_MS);
    }
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** One timer that looks how long it is, and not one for each key. */
  private watch(waitMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const left = this.lastSignAt + AWAY_AFTER_MS - Date.now();
      if (left <= 0) this.become('away');
      else this.watch(left);
    }, waitMs);
  }

  private become(status: OwnStatus): void {
    this.status = status;
    this.say(status);
  }
}
