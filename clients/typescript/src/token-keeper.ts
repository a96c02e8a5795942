// Holds the two tokens of one signed-in person and renews them.
//
// The refresh token is good for one use: sending a spent one ends the whole family. So there is
// at most one refresh in flight, and everybody who needs a token waits for that one.
// Next: http-client.ts

import { Problem, problemFromResponse } from './problem.ts';
import type { TokenPair } from './types.ts';

export interface TokenState {
  access: string;
  refresh: string;
  /** From here on the access token is renewed before use; milliseconds on the local clock. */
  renewAtMs: number;
}

export interface TokenKeeperOptions {
  baseUrl: string;
  fetch?: typeof fetch;
  now?: () => number;
  /** Called with every new pair, and with null when the session is over. */
  onChange?: (state: TokenState | null) => void;
}

/** Renew this long before the end, so that a request under way does not meet it; a token with
 * a short life is renewed after four fifths of it. */
const RENEW_BEFORE_MS = 30_000;

export class TokenKeeper {
  private state: TokenState | null = null;
  private refreshing: Promise<string> | null = null;
  private readonly options: TokenKeeperOptions;
  private readonly now: () => number;

  constructor(options: TokenKeeperOptions) {
    this.options = options;
    this.now = options.now ?? Date.now;
  }

  get signedIn(): boolean {
    return this.state !== null;
  }

  get refreshToken(): string | null {
    return this.state?.refresh ?? null;
  }

  accept(pair: TokenPair): void {
    const lifeMs = pair.expires_in * 1000;
    this.set({
      access: pair.access,
      refresh: pair.refresh,
      renewAtMs: this.now() + lifeMs - Math.min(RENEW_BEFORE_MS, lifeMs / 5),
    });
  }

  /** Go on with a refresh token kept from earlier; the first call that needs it spends it. */
  resume(refresh: string): void {
    this.state = { access: '', refresh, renewAtMs: 0 };
  }

  clear(): void {
    this.set(null);
  }

  /** An access token with some life left. Throws Problem: `invalid_token` when the session is
   * over, `unreachable` or a 5xx when it could not be renewed now. */
  async access(): Promise<string> {
    if (!this.state) throw new Problem(401, { code: 'invalid_token', detail: 'Sign in first.' });
    if (this.state.access && this.now() < this.state.renewAtMs) {
      return this.state.access;
    }
    return this.refresh();
  }

  /** Renew now. `spent` is the access token that was refused: when it has been replaced in the
   * meantime the newer one is returned and nothing is sent. */
  refresh(spent?: string): Promise<string> {
    if (spent && this.state && this.state.access && this.state.access !== spent) {
      return Promise.resolve(this.state.access);
    }
    this.refreshing ??= this.rotate().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private async rotate(): Promise<string> {
    const before = this.state;
    if (!before) throw new Problem(401, { code: 'invalid_token', detail: 'Sign in first.' });
    const call = this.options.fetch ?? fetch;
    const response = await call(`${this.options.baseUrl}/api/chat/token/refresh/`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ refresh: before.refresh }),
    }).catch((error: unknown) => {
      throw new Problem(0, { detail: `The server cannot be reached (${String(error)}).` });
    });
    if (!response.ok) {
      const problem = await problemFromResponse(response);
      if (!problem.retryable && this.state === before) this.clear();
      throw problem;
    }
    const pair = (await response.json()) as TokenPair;
    // Signed out while the answer was on its way: do not come back to life.
    if (this.state !== before) throw new Problem(401, { code: 'invalid_token', detail: 'Signed out.' });
    this.accept(pair);
    return pair.access;
  }

  private set(state: TokenState | null): void {
    this.state = state;
    this.options.onChange?.(state);
  }
}
