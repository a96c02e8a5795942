// Who is signed in, and with which client and socket.
//
// The access token lives in memory only; the refresh token also stands in sessionStorage, so that
// a reload goes on. No token is ever put into a URL. A duplicated tab gets a copy of
// sessionStorage, and two tabs spending one refresh token would end the session for both:
// a Web Lock named after the session decides which tab owns it.
// Next: use-session.ts

import { HttpClient, type Credentials } from '@wardroom/client/http-client';
import { LiveSocket } from '@wardroom/client/live-socket';
import { Problem } from '@wardroom/client/problem';
import type { TokenState } from '@wardroom/client/token-keeper';
import type { Profile } from '@wardroom/client/types';
import { forgetKept } from '../kept.ts';

export interface Session {
  me: Profile;
  http: HttpClient;
  live: LiveSocket;
}

export type SessionState =
  | { status: 'restoring' }
  | { status: 'unreachable' }
  | { status: 'signed-out'; notice: string | null }
  | { status: 'signed-in'; session: Session };

const REFRESH_KEY = 'wardroom.refresh';
const OWNER_KEY = 'wardroom.session';
/** The page before a reload may take a moment to let go of its lock. */
const LOCK_WAIT_MS = 2_000;

const ENDED = 'Your session has ended. Sign in again to go on.';
const ENDED_KEPT = `${ENDED} What you typed is kept.`;

export class SessionStore {
  private state: SessionState = { status: 'restoring' };
  private readonly listeners = new Set<() => void>();
  private release: (() => void) | null = null;
  private http = this.newClient();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): SessionState => this.state;

  /** Go on where the last page of this tab stopped, if there was one. */
  async restore(): Promise<void> {
    const refresh = sessionStorage.getItem(REFRESH_KEY);
    if (!refresh) return this.set({ status: 'signed-out', notice: null });
    this.set({ status: 'restoring' });
    if (!(await this.own(sessionStorage.getItem(OWNER_KEY)))) {
      this.forget();
      return this.set({ status: 'signed-out', notice: 'This session is open in another tab. Sign in here as well.' });
    }
    this.http.tokens.resume(sessionStorage.getItem(REFRESH_KEY) ?? refresh);
    await this.enter().catch((error: unknown) => {
      const passing = error instanceof Problem && error.retryable;
      if (passing) this.set({ status: 'unreachable' });
      else this.leave(ENDED);
    });
  }

  /** Throws Problem when the server refuses. */
  async signIn(credentials: Credentials): Promise<void> {
    await this.http.signIn(credentials);
    await this.own(null);
    await this.enter();
  }

  async signOut(): Promise<void> {
    const http = this.http;
    this.http = this.newClient();
    if (this.state.status === 'signed-in') forgetKept(this.state.session.me.id);
    this.leave(null);
    await http.signOut().catch(() => undefined); // gone here in any case
  }

  private async enter(): Promise<void> {
    const { http } = this;
    const me = await http.me();
    const url = `${location.origin.replace(/^http/, 'ws')}/ws/chat/`;
    const live = new LiveSocket({ url, tokens: http.tokens });
    live.on('ended', () => this.leave(ENDED_KEPT));
    if (me.role !== 'operator') live.start(); // there is nothing live for operators
    this.set({ status: 'signed-in', session: { me, http, live } });
  }

  private leave(notice: string | null): void {
    if (this.state.status === 'signed-in') this.state.session.live.stop();
    this.forget();
    this.release?.();
    this.release = null;
    this.set({ status: 'signed-out', notice });
  }

  private newClient(): HttpClient {
    const http: HttpClient = new HttpClient({
      baseUrl: '',
      onChange: (state) => {
        if (http === this.http) this.tokensChanged(state);
      },
    });
    return http;
  }

  private tokensChanged(state: TokenState | null): void {
    if (state) sessionStorage.setItem(REFRESH_KEY, state.refresh);
    else if (this.state.status === 'signed-in') this.leave(ENDED_KEPT);
    else this.forget();
  }

  private forget(): void {
    sessionStorage.removeItem(REFRESH_KEY);
    sessionStorage.removeItem(OWNER_KEY);
  }

  /** Hold the lock of this session until it ends or the page goes; false when another tab has it. */
  private async own(known: string | null): Promise<boolean> {
    if (!('locks' in navigator)) return true;
    const name = known ?? crypto.randomUUID();
    sessionStorage.setItem(OWNER_KEY, name);
    const signal = AbortSignal.timeout(LOCK_WAIT_MS);
    return new Promise((resolve) => {
      const held = () =>
        new Promise<void>((release) => {
          this.release = release;
          resolve(true);
        });
      navigator.locks.request(`wardroom.${name}`, { signal }, held).catch(() => resolve(false));
    });
  }

  private set(state: SessionState): void {
    this.state = state;
    for (const listener of [...this.listeners]) listener();
  }
}
