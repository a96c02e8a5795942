// The HTTP half of the contract: one method per endpoint, typed in and out.
//
// A request that is refused with 401 renews the token once and is sent again. Everything that
// is not a 2xx becomes a Problem. Nothing here keeps state beside the TokenKeeper.
// Next: live-socket.ts

import { Problem, problemFromResponse } from './problem.ts';
import { TokenKeeper, type TokenKeeperOptions } from './token-keeper.ts';
import type {
  DirectoryEntry,
  FileInfo,
  Message,
  MessageWindow,
  NewMessage,
  NewThread,
  Page,
  Participant,
  Profile,
  Receipt,
  RetentionPolicy,
  Template,
  Thread,
  ThreadFilter,
  ThreadPatch,
  TokenPair,
  VerifyReport,
} from './types.ts';

export interface Credentials {
  username: string;
  password: string;
  tenant?: string;
  totp?: string;
}

export interface RequestOptions {
  method?: string;
  query?: object;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, with `contentType`. */
  body?: BodyInit;
  contentType?: string;
  /** False for the few calls made before signing in. */
  authorized?: boolean;
  signal?: AbortSignal;
}

export class HttpClient {
  readonly tokens: TokenKeeper;
  private readonly options: TokenKeeperOptions;

  /** `baseUrl` is the origin, without a slash at the end; '' means the page's own. */
  constructor(options: TokenKeeperOptions) {
    this.options = options;
    this.tokens = new TokenKeeper(options);
  }

  // ---- session

  async signIn(credentials: Credentials | { api_key: string }): Promise<void> {
    this.tokens.accept(
      await this.call<TokenPair>('/api/chat/token/', {
        method: 'POST',
        json: credentials,
        authorized: false,
      }),
    );
  }

  /** End the session here and on the server. The local tokens are gone even when the server
   * could not be told. */
  async signOut(): Promise<void> {
    const refresh = this.tokens.refreshToken;
    this.tokens.clear();
    if (!refresh) return;
    await this.call('/api/chat/token/revoke/', {
      method: 'POST',
      json: { refresh },
      authorized: false,
    });
  }

  me(): Promise<Profile> {
    return this.call('/api/chat/me/');
  }

  // ---- threads

  threads(query: ThreadFilter & { limit?: number; cursor?: string } = {}): Promise<Page<Thread>> {
    return this.call('/api/chat/threads/', { query });
  }

  thread(id: string, signal?: AbortSignal): Promise<Thread> {
    return this.call(threadPath(id), signal ? { signal } : {});
  }

  createThread(thread: NewThread): Promise<Thread> {
    return this.call('/api/chat/threads/', { method: 'POST', json: thread });
  }

  patchThread(id: string, patch: ThreadPatch): Promise<Thread> {
    return this.call(threadPath(id), { method: 'PATCH', json: patch });
  }

  async participants(id: string): Promise<Participant[]> {
    return (await this.call<Page<Participant>>(`${threadPath(id)}participants/`)).results;
  }

  async addParticipant(id: string, userId: string): Promise<void> {
    await this.call(`${threadPath(id)}participants/`, { method: 'POST', json: { user_id: userId } });
  }

  async removeParticipant(id: string, userId: string): Promise<void> {
    await this.call(`${threadPath(id)}participants/${encodeURIComponent(userId)}/`, {
      method: 'DELETE',
    });
  }

  directory(q: string, limit = 20): Promise<Page<DirectoryEntry>> {
    return this.call('/api/chat/users/directory/', { query: { q, limit } });
  }

  // ---- messages

  messages(threadId: string, window: MessageWindow = {}): Promise<Page<Message>> {
    return this.call(`${threadPath(threadId)}messages/`, { query: window });
  }

  postMessage(threadId: string, message: NewMessage): Promise<Message> {
    return this.call(`${threadPath(threadId)}messages/`, { method: 'POST', json: message });
  }

  /** Record that I have seen a message. Again it is the same record. */
  acknowledge(threadId: string, seq: number): Promise<Message> {
    return this.call(`${threadPath(threadId)}messages/${seq}/acknowledge/`, { method: 'POST' });
  }

  async markRead(threadId: string, seq: number): Promise<void> {
    await this.call(`${threadPath(threadId)}read/`, { method: 'POST', json: { seq } });
  }

  receipts(threadId: string): Promise<Page<Receipt>> {
    return this.call(`${threadPath(threadId)}receipts/`);
  }

  verify(threadId: string): Promise<VerifyReport> {
    return this.call(`${threadPath(threadId)}verify/`);
  }

  // ---- files

  uploadFile(
    file: { name: string; type: string; body: BodyInit },
    threadId: string,
  ): Promise<FileInfo> {
    return this.call('/api/chat/files/', {
      method: 'POST',
      query: { name: file.name, thread_id: threadId },
      body: file.body,
      contentType: file.type || 'application/octet-stream',
    });
  }

  file(id: string): Promise<FileInfo> {
    return this.call(`/api/chat/files/${encodeURIComponent(id)}/`);
  }

  /** The bytes of a file; the caller decides whether to stream them. */
  fileContent(id: string): Promise<Response> {
    return this.send(`/api/chat/files/${encodeURIComponent(id)}/content/`, {});
  }

  // ---- templates and retention

  templates(query: { limit?: number; cursor?: string } = {}): Promise<Page<Template>> {
    return this.call('/api/chat/templates/', { query });
  }

  template(id: string): Promise<Template> {
    return this.call(`/api/chat/templates/${encodeURIComponent(id)}/`);
  }

  retentionPolicy(): Promise<RetentionPolicy> {
    return this.call('/api/chat/retention/policy/');
  }

  setRetentionPolicy(policy: RetentionPolicy): Promise<RetentionPolicy> {
    return this.call('/api/chat/retention/policy/', { method: 'PUT', json: policy });
  }

  // ---- the call itself

  /** Any endpoint, its JSON answer as Result; undefined where the answer has no body. */
  async call<Result>(path: string, options: RequestOptions = {}): Promise<Result> {
    const response = await this.send(path, options);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as Result;
  }

  private async send(path: string, options: RequestOptions): Promise<Response> {
    if (options.authorized === false) return expectOk(await this.attempt(path, options, null));
    const token = await this.tokens.access();
    const first = await this.attempt(path, options, token);
    if (first.status !== 401) return expectOk(first);
    return expectOk(await this.attempt(path, options, await this.tokens.refresh(token)));
  }

  private attempt(path: string, options: RequestOptions, token: string | null): Promise<Response> {
    const headers = new Headers({ Accept: 'application/json' });
    if (token) headers.set('Authorization', `Bearer ${token}`);
    if (options.json !== undefined) headers.set('Content-Type', 'application/json');
    else if (options.contentType) headers.set('Content-Type', options.contentType);
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    const init: RequestInit = { method: options.method ?? 'GET', headers };
    if (body !== undefined) init.body = body;
    if (options.signal) init.signal = options.signal;
    const call = this.options.fetch ?? fetch;
    const url = this.options.baseUrl + path + queryString(options.query ?? {});
    return call(url, init).catch((error: unknown) => {
      if (options.signal?.aborted) throw error;
      throw new Problem(0, { detail: `The server cannot be reached (${String(error)}).` });
    });
  }
}

/** Walk a paged list to its end: `for await (const thread of everyItem(c => http.threads({cursor: c})))`.
 * `readPage` gets undefined for the first page. */
export async function* everyItem<Item>(
  readPage: (cursor: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const page = await readPage(cursor);
    yield* page.results;
    cursor = page.next || undefined;
  } while (cursor !== undefined);
}

function threadPath(id: string): string {
  return `/api/chat/threads/${encodeURIComponent(id)}/`;
}

function queryString(query: object): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

async function expectOk(response: Response): Promise<Response> {
  if (!response.ok) throw await problemFromResponse(response);
  return response;
}
