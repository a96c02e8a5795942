// The people of a run and what they do while something breaks: three post over WebSocket, on
// purpose sometimes twice and on another gateway; one posts over HTTP; one follows on each gateway;
// one takes its frames late; one of another tenant must notice nothing of it all.
// Next: rows.ts

import type { Message } from '@wardroom/client/types';
import { login, url } from '../flow/suite.ts';
import { Account } from './account.ts';
import type { Ack, Journal, Sent, Sighting } from './journal.ts';
import { rest, waitFor } from './programs.ts';
import { DEADLINE_MS, Socket, type Outcome } from './socket.ts';
import type { Wiring } from './wiring.ts';

/** A client that retries gives up here; nothing may take so long. */
const GIVE_UP_MS = 30_000;
const RETRY_MS = 50;
/** Under 50 frames/s and socket, and under what one tenant may. */
const PACE_MS = 30;
const PROBE_EVERY_MS = 250;
/** How often an unanswered probe is repeated at most before the row counts as never recovered. */
const REPEAT_SHARE = 0.15;

interface Poster {
  account: Account;
  main: Socket;
  twin: Socket;
}

/** Everybody of a run. Sockets of a seed are closed with it; accounts stay signed in. */
export class People {
  readonly analyst = new Account(login(0, 'analyst'));
  readonly admin = new Account(login(0, 'admin'));
  readonly member = new Account(login(0, 'member'));
  readonly other = new Account(login(0, 'member', 1));
  readonly auditor = new Account(login(0, 'auditor'));
  readonly stranger = new Account(login(1, 'analyst'));
}

export class Crew {
  readonly people: People;
  readonly posters: Poster[];
  readonly probes: Socket[];
  readonly readers: Socket[];
  readonly slow: Socket;
  readonly outsider: Socket;
  private readonly sockets: Socket[] = [];

  constructor(people: People, wiring: Wiring) {
    this.people = people;
    const [one = '', two = ''] = [...wiring.clients.keys()];
    const open = (name: string, account: Account, gateway: string) => {
      const port = wiring.clients.get(gateway)?.port;
      const socket = new Socket(name, account, () => `wss://localhost:${port}/ws/chat/`);
      this.sockets.push(socket);
      return socket;
    };
    this.posters = [people.analyst, people.member, people.admin].map((account, i) => {
      const [here, there] = i === 1 ? [two, one] : [one, two];
      return {
        account,
        main: open(`${account.name} on ${here}`, account, here),
        twin: open(`${account.name} again on ${there}`, account, there),
      };
    });
    this.probes = [one, two].map((gateway) => open(`probe of ${gateway}`, people.analyst, gateway));
    this.readers = [one, two].map((gateway) => open(`reader on ${gateway}`, people.auditor, gateway));
    this.slow = open('slow reader', people.member, two);
    this.outsider = open('outsider', people.stranger, one);
  }

  async ready(): Promise<void> {
    await waitFor('all sockets to be open', () => this.sockets.every((socket) => socket.opened));
  }

  /** One journal for what happens to all of them. */
  keep(journal: Journal): void {
    for (const socket of this.sockets) socket.journal = journal;
    this.outsider.forbidden = [journal.canary];
    this.outsider.sightingsOfForbidden = 0;
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }
}

export class Load {
  /** Bytes added to each body. */
  padding = 0;
  /** How often a post is sent twice although nothing is wrong. */
  repeatShare = REPEAT_SHARE;
  readonly readers: Sighting[];
  readonly slow: Sighting;
  private readonly crew: Crew;
  private readonly journal: Journal;
  private readonly random: () => number;
  private isStopping = false;
  private running: Promise<void>[] = [];

  constructor(crew: Crew, journal: Journal, random: () => number) {
    this.crew = crew;
    this.journal = journal;
    this.random = random;
    crew.keep(journal);
    this.readers = crew.readers.map((reader) => reader.subscribe(journal));
    this.slow = crew.slow.subscribe(journal);
  }

  start(): void {
    this.isStopping = false;
    this.running = [
      ...this.crew.posters.map((poster) => this.postAll(poster)),
      this.postAllByHttp(this.crew.people.other),
    ];
  }

  /** Nobody begins another post; those under way are acked when this resolves. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.running);
  }

  /** Until so many more posts were acked. */
  async acked(more: number): Promise<void> {
    const goal = this.journal.acks.size + more;
    await waitFor(`${more} more acks`, () => this.journal.acks.size >= goal, GIVE_UP_MS);
  }

  /** A new post on each gateway, sent again and again until it is acked; resolves when every
   * reader has seen them. That is what recovery means here. */
  async probe(): Promise<void> {
    const probes = this.crew.probes.map((socket) => this.probeOne(socket));
    await waitFor('all readers to see the probes', () =>
      probes.every(({ sent }) => {
        const seq = this.journal.acks.get(sent.ref)?.[0]?.seq;
        return seq !== undefined && this.readers.every(({ messages }) => (messages.at(-1)?.seq ?? 0) >= seq);
      }), GIVE_UP_MS);
  }

  /** One post by somebody who does not ask again; its words. */
  async postOnce(): Promise<Sent> {
    const sent = this.journal.next(this.crew.people.analyst.name);
    const poster = this.crew.posters[0];
    if (!poster) throw new Error('there is no poster');
    this.note(sent, await poster.main.post(this.journal.threadId, sent.ref, sent.body));
    return sent;
  }

  /** Until these, or all who follow, have everything that was acked. */
  async caughtUp(readers = this.journal.sightings): Promise<void> {
    const last = Math.max(0, ...[...this.journal.acks.values()].flatMap((acks) => acks.map(({ seq }) => seq)));
    await waitFor('all readers to catch up', () =>
      readers.every(({ messages }) => (messages.at(-1)?.seq ?? 0) >= last));
  }

  end(): void {
    for (const socket of [...this.crew.readers, this.crew.slow]) socket.unsubscribe(this.journal.threadId);
  }

  private probeOne(socket: Socket): { sent: Sent } {
    const sent = this.journal.next(this.crew.people.analyst.name);
    void (async () => {
      const deadline = performance.now() + GIVE_UP_MS;
      while (!this.journal.acks.has(sent.ref) && performance.now() < deadline) {
        if (socket.opened) {
          void socket.post(this.journal.threadId, sent.ref, sent.body).then((outcome) => this.note(sent, outcome));
        }
        await rest(socket.opened ? PROBE_EVERY_MS : RETRY_MS);
      }
    })();
    return { sent };
  }

  private async postAll(poster: Poster): Promise<void> {
    while (!this.isStopping) {
      const sent = this.journal.next(poster.account.name, this.padding);
      const post = (socket: Socket) => socket.post(this.journal.threadId, sent.ref, sent.body);
      const again = this.random() < this.repeatShare;
      await Promise.all([
        this.insist(sent, () => post(poster.main)),
        again && post(poster.twin).then((outcome) => this.note(sent, outcome)),
      ]);
      if (again) this.journal.repeated += 1;
      await rest(PACE_MS);
    }
  }

  private async postAllByHttp(account: Account): Promise<void> {
    while (!this.isStopping) {
      const sent = this.journal.next(account.name, this.padding);
      await this.insist(sent, () => this.postByHttp(account, sent));
      await rest(PACE_MS);
    }
  }

  /** Until it is acked: what an error or a close left open is sent again with the same ref. */
  private async insist(sent: Sent, attempt: () => Promise<Outcome>): Promise<void> {
    const deadline = performance.now() + GIVE_UP_MS;
    while (!this.note(sent, await attempt())) {
      this.journal.retried += 1;
      if (performance.now() > deadline) {
        this.journal.surprises.push(`never acked in ${GIVE_UP_MS} ms: ${sent.body.slice(0, 80)}`);
        return;
      }
      await rest(RETRY_MS);
    }
  }

  /** Write down what became of a request; true when it was acked. */
  private note(sent: Sent, outcome: Outcome): boolean {
    if (outcome.kind === 'ack') this.journal.acked(sent.ref, outcome.ack);
    if (outcome.kind === 'hung') this.journal.hung += 1;
    return outcome.kind === 'ack';
  }

  private async postByHttp(account: Account, { ref, body }: Sent): Promise<Outcome> {
    try {
      const answer = await fetch(`${url}/api/chat/threads/${this.journal.threadId}/messages/`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${await account.token()}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ client_id: ref, body }),
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      return this.judgeAnswer(answer, body);
    } catch (error) {
      return { kind: (error as Error).name === 'TimeoutError' ? 'hung' : 'closed' };
    }
  }

  private async judgeAnswer(answer: Response, body: string): Promise<Outcome> {
    const words = (await answer.json()) as Partial<Message & Ack & { code: string }>;
    if (answer.ok) {
      if (words.body !== body) this.journal.surprises.push(`answered with another body: ${words.body}`);
      return { kind: 'ack', ack: { seq: words.seq ?? 0, hash: words.hash ?? '', created_at: words.created_at ?? '' } };
    }
    if (answer.status !== 429 && answer.status < 502) {
      this.journal.surprises.push(`HTTP ${answer.status} ${words.code}`);
    }
    return { kind: 'error', code: words.code ?? '' };
  }
}
