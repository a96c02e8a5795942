// How long to wait before the next attempt: exponential, capped, and spread over nearly the whole
// of it, so that two thousand clients of a killed gateway do not come back in the same instant.

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

  /** The wait before the coming attempt, between a tenth and all of base * 2^attempts. */
  nextMs(): number {
    const { baseMs, capMs, random = Math.random } = this.options;
    const ceiling = Math.min(capMs, baseMs * 2 ** this.attempt);
    this.attempt = Math.min(this.attempt + 1, 30);
    return Math.round(ceiling * (0.1 + 0.9 * random()));
  }

  reset(): void {
    this.attempt = 0;
  }
}
