// One signed-in person: a token that is good for a while yet. Signs in anew instead of refreshing,
// because the answer to a refresh may be lost with a gateway, and then the session rightly ends.
// Next: socket.ts

import { HttpClient } from '@wardroom/client/http-client';
import { url, type Login } from '../flow/suite.ts';

/** Tokens live 15 minutes; the tests that compare clocks move them by less than one. */
const GOOD_FOR_MS = 10 * 60_000;

export class Account {
  readonly login: Login;
  private http: Promise<HttpClient> | null = null;
  private untilMs = 0;

  constructor(login: Login) {
    this.login = login;
  }

  get name(): string {
    return this.login.username;
  }

  /** Rejects while auth cannot be asked. */
  async token(fresh = false): Promise<string> {
    return (await this.client(fresh)).tokens.access();
  }

  /** A client with such a token. */
  client(fresh = false): Promise<HttpClient> {
    if (this.http && !fresh && performance.now() < this.untilMs) return this.http;
    const http = new HttpClient({ baseUrl: url });
    const { username, password } = this.login;
    this.untilMs = performance.now() + GOOD_FOR_MS;
    this.http = http.signIn({ username, password }).then(() => http);
    this.http.catch(() => (this.http = null));
    return this.http;
  }
}
