// The live half of the contract: subscriptions that lose nothing and repeat nothing, and posts
// that are written once however often the connection breaks.
//
//   const live = new LiveSocket({ url, tokens: http.tokens });
//   live.on('message', (message) => ...);        // in order of seq per thread, each once
//   live.subscribe(threadId, lastSeqIHave);
//   const ack = await live.post({ thread_id: threadId, body: 'hello' });
//   live.start();
// Next: nothing; this is the top.

import { Connection, type ConnectionOptions, type ConnectionState } from './connection.ts';
import { Emitter } from './emitter.ts';
import type {
  AckEvent,
  ClientCommand,
  ErrorEvent,
  PostCommand,
  PresenceEvent,
  ReadEvent,
  ServerEvent,
  ThreadEvent,
  TypingEvent,
} from './events.ts';
import { Outbox } from './outbox.ts';
import { OwnState } from './own-state.ts';
import { PresenceBook } from './presence-book.ts';
import { Problem } from './problem.ts';
import { ThreadCursor } from './thread-cursor.ts';
import type { Message, PresenceStatus } from './types.ts';

export interface LiveEvents {
  state: ConnectionState;
  message: Message;
  thread: ThreadEvent;
  typing: TypingEvent;
  read: ReadEvent;
  presence: PresenceEvent;
  subscribed: { thread_id: string; last_seq: number };
  /** A refusal that belongs to no post. */
  error: ErrorEvent;
  /** The session is over: sign in again. */
  ended: Problem;
}

export interface Post {
  thread_id: string;
  body: string;
  /** A UUID; made here when absent. */
  ref?: string;
  attachments?: string[];
  reply_to?: number;
  corrects?: number;
}

/** A subscription that was asked for is asked for again when no answer came in this time. */
const SUBSCRIBE_OVERDUE_MS = 5_000;

export class LiveSocket extends Emitter<LiveEvents> {
  private readonly connection: Connection;
  private readonly outbox: Outbox;
  private readonly own: OwnState;
  private readonly people: PresenceBook;
  private readonly cursors = new Map<string, ThreadCursor>();
  /** When a subscription was last asked for and has not been confirmed. */
  private readonly asked = new Map<string, number>();
  /** Why the session is over; nothing would ever send what is posted then. */
  private over: Problem | null = null;

  constructor(options: ConnectionOptions) {
    super();
    this.connection = new Connection(options);
    this.outbox = new Outbox((command) => this.connection.send(command));
    this.own = new OwnState((command) => this.connection.send(command));
    this.people = new PresenceBook(
      (event) => this.emit('presence', event),
      (event) => this.emit('typing', event),
    );
    this.connection.on('state', (state) => this.stateChanged(state));
    this.connection.on('event', (event) => this.dispatch(event));
    this.connection.on('ended', (problem) => {
      this.over = problem;
      this.outbox.fail(problem);
      this.emit('ended', problem);
    });
  }

  get state(): ConnectionState {
    return this.connection.state;
  }

  /** Posts without an ack so far. */
  get unacked(): number {
    return this.outbox.size;
  }

  start(): void {
    this.over = null;
    this.connection.start();
  }

  /** Close for good; posts without an ack are rejected. */
  stop(): void {
    this.connection.stop();
    this.outbox.fail(new Problem(0, { code: 'stopped', detail: 'The connection was closed.' }));
    this.cursors.clear();
  }

  retryNow(): void {
    this.connection.retryNow();
  }

  /** The page woke up, or the network changed: find out soon whether the connection lives. */
  probe(): void {
    this.connection.probe();
  }

  /** Everything after `afterSeq` in order, then live. Without it: from now on. A second call
   * for the same thread changes nothing. */
  subscribe(threadId: string, afterSeq?: number): void {
    if (this.cursors.has(threadId)) return;
    this.cursors.set(threadId, new ThreadCursor(threadId, afterSeq ?? null));
    this.askFor(threadId);
  }

  unsubscribe(threadId: string): void {
    this.asked.delete(threadId);
    this.own.typingEnded(threadId);
    if (this.cursors.delete(threadId)) this.connection.send({ op: 'unsubscribe', thread_id: threadId });
  }

  /** The last seq handed to listeners of this thread. */
  lastSeq(threadId: string): number | null {
    return this.cursors.get(threadId)?.last ?? null;
  }

  post(post: Post): Promise<AckEvent> {
    this.own.typingEnded(post.thread_id);
    return this.send({ op: 'post', ref: crypto.randomUUID(), ...post });
  }

  answer(threadId: string, questionSeq: number, data: unknown, ref = crypto.randomUUID()): Promise<AckEvent> {
    return this.send({ op: 'answer', ref, thread_id: threadId, question_seq: questionSeq, data });
  }

  acknowledge(threadId: string, seq: number, ref = crypto.randomUUID()): Promise<AckEvent> {
    return this.send({ op: 'acknowledge', ref, thread_id: threadId, seq });
  }

  /** Stop trying to send a post; its promise is rejected with code `discarded`. */
  discard(ref: string): void {
    this.outbox.discard(ref);
  }

  /** Everything up to `seq` has been read; lower than before changes nothing. */
  read(threadId: string, seq: number): void {
    this.own.read(threadId, seq);
  }

  /** With every key stroke (told to the others every 3 s), and false when the text is given up.
   * A post ends it by itself. The thread has to be subscribed to. */
  typing(threadId: string, active: boolean): void {
    this.own.typing(threadId, active);
  }

  /** Whether I am at the screen; said again after every reconnect. */
  setPresence(status: 'online' | 'away'): void {
    this.own.setPresence(status);
  }

  /** What is known of somebody; changes come as `presence`. */
  presenceOf(userId: string): PresenceStatus {
    return this.people.of(userId);
  }

  /** Any other command: sent when there is a connection, else false. */
  tell(command: Exclude<ClientCommand, PostCommand>): boolean {
    return this.connection.send(command);
  }

  private send(command: PostCommand): Promise<AckEvent> {
    return this.over ? Promise.reject(this.over) : this.outbox.post(command);
  }

  private stateChanged(state: ConnectionState): void {
    if (state === 'online') {
      this.asked.clear();
      for (const threadId of this.cursors.keys()) this.askFor(threadId);
      this.people.connected();
      this.own.connected();
      this.outbox.flush();
    } else {
      this.outbox.pause();
    }
    if (state === 'offline') {
      this.own.disconnected();
      this.people.disconnected();
    }
    this.emit('state', state);
  }

  private askFor(threadId: string): void {
    const cursor = this.cursors.get(threadId);
    if (!cursor) return;
    const command: ClientCommand = { op: 'subscribe', thread_id: threadId };
    if (cursor.last !== null) command.after_seq = cursor.last;
    if (this.connection.send(command)) this.asked.set(threadId, Date.now());
  }

  private dispatch(event: ServerEvent): void {
    switch (event.type) {
      case 'message':
        return this.messageArrived(event.message);
      case 'ack':
        return this.outbox.acknowledge(event);
      case 'error':
        if (!this.outbox.refuse(event)) this.emit('error', event);
        return;
      case 'subscribed':
        this.asked.delete(event.thread_id);
        this.cursors.get(event.thread_id)?.begin(event.last_seq);
        return this.emit('subscribed', event);
      case 'resync':
        this.people.connected(); // who left may have been among what was dropped
        return this.askFor(event.thread_id);
      case 'thread':
        if (event.change === 'removed') this.cursors.delete(event.thread.id);
        return this.emit('thread', event);
      case 'typing':
        return this.people.hearTyping(event);
      case 'read':
        return this.emit('read', event);
      case 'presence':
        return this.people.hearPresence(event);
      case 'unsubscribed':
      case 'authenticated':
      case 'expiring':
      case 'pong':
        return;
    }
  }

  private messageArrived(message: Message): void {
    const cursor = this.cursors.get(message.thread_id);
    if (!cursor) return; // unsubscribed while it was on its way
    const { ready, gap } = cursor.take(message);
    for (const next of ready) this.emit('message', next);
    if (!gap) return;
    const askedAt = this.asked.get(message.thread_id) ?? 0;
    if (Date.now() - askedAt > SUBSCRIBE_OVERDUE_MS) this.askFor(message.thread_id);
  }
}
