// A Wardroom of one file of sockets, in memory, for tests: it speaks the contract and can be
// told to misbehave the way networks and restarts do.

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { answerHttp, holderOf, type MockHttpHost, type MockTokens } from './mock-http.ts';
import { MockStore, type Person, type StoredThread } from './mock-store.ts';

interface Client {
  socket: WebSocket;
  person: Person;
  subscriptions: Set<string>;
}
type Command = Record<string, unknown> & { op: string };

export class MockWardroom implements MockHttpHost {
  readonly store = new MockStore();
  readonly tokens: MockTokens = {
    lifeSeconds: 600,
    access: new Map(),
    refresh: new Map(),
    spent: new Set(),
    refreshCalls: 0,
  };
  readonly clients = new Set<Client>();
  /** Every command received, in order. */
  readonly commands: Command[] = [];
  /** Write the post, then cut the connection before its ack: the classic lost answer. */
  cutBeforeAcks = 0;
  /** Do not deliver the next so many live messages: a hole. */
  loseMessages = 0;
  /** Refuse the next posts with these codes. */
  refusals: string[] = [];
  /** Do not answer pings. */
  mute = false;
  /** Turn away new sockets as a wrong token is. */
  refuseUpgrades = false;

  private readonly sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has('wardroom.v1') ? 'wardroom.v1' : false),
  });
  private server: Server | null = null;

  async listen(port = 0): Promise<string> {
    const server = createServer((request, response) => {
      void answerHttp(this, request, response).then((done) => done || response.writeHead(404).end());
    });
    this.attach(server);
    this.server = server;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Serve the WebSocket half on somebody else's server. */
  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => {
      const person = this.callerOf(request);
      if (!request.url?.startsWith('/ws/chat/')) return;
      if (!person || this.refuseUpgrades) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        return;
      }
      this.sockets.handleUpgrade(request, socket, head, (ws) => this.join(ws, person));
    });
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.socket.terminate();
    const server = this.server;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Cut every connection without a goodbye. */
  cutAll(): void {
    for (const client of this.clients) client.socket.terminate();
  }

  closeAll(code: number): void {
    for (const client of this.clients) client.socket.close(code);
  }

  broadcast(event: object): void {
    for (const client of this.clients) send(client, [event]);
  }

  say(thread: StoredThread, by: Person, body: string, clientId?: string) {
    const message = this.store.append(thread, by, body, clientId ? { client_id: clientId } : {});
    this.publish(thread, { type: 'message', message });
    this.publishThread(thread, 'updated');
    return message;
  }

  publish(thread: StoredThread, event: object): void {
    if ((event as { type: string }).type === 'message' && this.loseMessages > 0) {
      this.loseMessages -= 1;
      return;
    }
    for (const client of this.clients) {
      if (client.subscriptions.has(thread.id)) send(client, [event]);
    }
  }

  publishThread(thread: StoredThread, change: 'created' | 'updated'): void {
    for (const client of this.clients) {
      if (!this.store.sees(client.person, thread)) continue;
      send(client, [{ type: 'thread', thread: this.store.view(thread), change }]);
    }
  }

  tellPerson(person: Person, event: object): void {
    for (const client of this.clients) if (client.person === person) send(client, [event]);
  }

  private callerOf(request: IncomingMessage): Person | null {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/,\s*/);
    const bearer = offered.find((name) => name.startsWith('bearer.'));
    return bearer ? holderOf(this.tokens, bearer.slice('bearer.'.length)) : null;
  }

  private join(socket: WebSocket, person: Person): void {
    const client: Client = { socket, person, subscriptions: new Set() };
    this.clients.add(client);
    socket.on('close', () => this.clients.delete(client));
    socket.on('message', (data) => this.obey(client, JSON.parse(String(data)) as Command));
  }

  private obey(client: Client, command: Command): void {
    this.commands.push(command);
    const threadId = command['thread_id'] as string | undefined;
    const thread = threadId === undefined ? undefined : this.store.threads.get(threadId);
    switch (command.op) {
      case 'ping':
        if (!this.mute) send(client, [{ type: 'pong', ref: command['ref'] }]);
        return;
      case 'presence':
        return;
      case 'authenticate': {
        const person = holderOf(this.tokens, String(command['token']));
        if (!person) return client.socket.close(4401);
        send(client, [{ type: 'authenticated', expires_at: new Date().toISOString() }]);
        return;
      }
    }
    if (!this.store.sees(client.person, thread)) {
      send(client, [{ type: 'error', ref: command['ref'], code: 'not_found', detail: 'No such thread.' }]);
      return;
    }
    if (command.op === 'subscribe') this.subscribe(client, thread, command['after_seq'] as number | undefined);
    if (command.op === 'unsubscribe') client.subscriptions.delete(thread.id);
    if (command.op === 'post') this.post(client, thread, command);
    if (command.op === 'read') thread.reads.set(client.person.id, Number(command['seq']));
  }

  private subscribe(client: Client, thread: StoredThread, afterSeq: number | undefined): void {
    client.subscriptions.add(thread.id);
    send(client, [{ type: 'subscribed', thread_id: thread.id, last_seq: thread.last_seq }]);
    if (afterSeq === undefined) return;
    const missed = thread.messages.filter((message) => message.seq > afterSeq);
    send(client, missed.map((message) => ({ type: 'message', message })));
  }

  private post(client: Client, thread: StoredThread, command: Command): void {
    const ref = String(command['ref']);
    const code = this.refusals.shift();
    if (code) return send(client, [{ type: 'error', ref, code, detail: `refused: ${code}` }]);
    const known = thread.messages.find((message) => message.client_id === ref);
    const message = known ?? this.say(thread, client.person, String(command['body']), ref);
    if (this.cutBeforeAcks > 0) {
      this.cutBeforeAcks -= 1;
      client.socket.terminate();
      return;
    }
    const { thread_id, seq, created_at, hash } = message;
    send(client, [{ type: 'ack', ref, thread_id, seq, created_at, hash }]);
  }
}

function send(client: Client, events: object[]): void {
  if (events.length > 0 && client.socket.readyState === client.socket.OPEN) {
    client.socket.send(JSON.stringify(events));
  }
}
