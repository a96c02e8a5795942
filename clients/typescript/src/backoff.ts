// How long to wait before the next attempt: exponential, capped, with full jitter, so that a
// thousand clients of a restarted gateway do not come back in the same second.

export interface BackoffOptions {
  baseMs: number;
  capMs: number;
  random?: () => number;
}

export class Backoff {
  private attempt = 0;
  private readonly options: BackoffOptions;

  constructor(options: BackoffOptions) {
    this.options = options;
  }

  /** The wait before the coming attempt, between half and all of base * 2^attempts. */
  nextMs(): number {
    const { baseMs, capMs, random = Math.random } = this.options;
    const ceiling = Math.min(capMs, baseMs * 2 ** this.attempt);
    this.attempt = Math.min(this.attempt + 1, 30);
    return Math.round(ceiling / 2 + (ceiling / 2) * random());
  }

  reset(): void {
    this.attempt = 0;
  }
}
