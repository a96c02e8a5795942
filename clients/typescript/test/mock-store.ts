// The memory of the mock server: people, threads, messages. Only what the contract shows.

import { createHash, randomUUID } from 'node:crypto';
import type { Author, Message, MessageKind, Participant, Role, Thread } from '../src/types.ts';

export interface Person extends Author {
  username: string;
  password: string;
  tenant: string;
}

export interface StoredThread extends Thread {
  participants: Participant[];
  messages: Message[];
  reads: Map<string, number>;
}

const SEES_ALL: Role[] = ['analyst', 'admin', 'auditor'];

export class MockStore {
  readonly people: Person[] = [];
  readonly threads = new Map<string, StoredThread>();

  addPerson(tenant: string, username: string, role: Role, name: string, password = 'secret'): Person {
    const person = { id: randomUUID(), tenant, username, role, name, password };
    this.people.push(person);
    return person;
  }

  person(username: string): Person {
    const found = this.people.find((person) => person.username === username);
    if (!found) throw new Error(`no such person: ${username}`);
    return found;
  }

  addThread(by: Person, title: string, extra: Partial<Thread> = {}): StoredThread {
    const thread: StoredThread = {
      id: randomUUID(),
      tenant_id: by.tenant,
      title,
      status: 'open',
      waiting_on: null,
      severity: null,
      tlp: null,
      last_seq: 0,
      last_message_at: null,
      created_at: now(),
      created_by: author(by),
      ...extra,
      participants: [participant(by)],
      messages: [],
      reads: new Map(),
    };
    this.threads.set(thread.id, thread);
    this.append(thread, by, `${by.name} opened the thread.`, { kind: 'system' });
    return thread;
  }

  append(
    thread: StoredThread,
    by: Person,
    body: string,
    extra: { kind?: MessageKind; client_id?: string; created_at?: string } = {},
  ): Message {
    const seq = thread.last_seq + 1;
    const message: Message = {
      tenant_id: thread.tenant_id,
      thread_id: thread.id,
      seq,
      kind: extra.kind ?? 'text',
      author: author(by),
      created_at: extra.created_at ?? now(),
      client_id: extra.client_id ?? randomUUID(),
      body,
      attachments: [],
      hash: createHash('sha256').update(`${thread.id}/${seq}/${body}`).digest('hex'),
    };
    thread.messages.push(message);
    thread.last_seq = seq;
    thread.last_message_at = message.created_at;
    return message;
  }

  sees(person: Person, thread: StoredThread | undefined): thread is StoredThread {
    if (!thread || thread.tenant_id !== person.tenant) return false;
    return (
      SEES_ALL.includes(person.role) ||
      thread.participants.some((someone) => someone.user_id === person.id)
    );
  }

  /** The thread as one caller sees it; without a caller as an event carries it. */
  view(thread: StoredThread, caller?: Person): Thread {
    const { messages, reads, ...shown } = thread;
    const read = caller ? (reads.get(caller.id) ?? 0) : 0;
    const unread = caller
      ? messages.filter((message) => message.seq > read && message.author.id !== caller.id).length
      : 0;
    return { ...shown, unread, my_read_seq: read };
  }

  listFor(person: Person): StoredThread[] {
    return [...this.threads.values()]
      .filter((thread) => this.sees(person, thread))
      .sort((a, b) => (b.last_message_at ?? '').localeCompare(a.last_message_at ?? ''));
  }
}

export function participant(person: Person): Participant {
  return { user_id: person.id, name: person.name, role: person.role, added_at: now() };
}

function author(person: Person): Author {
  return { id: person.id, name: person.name, role: person.role };
}

function now(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
