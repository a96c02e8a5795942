// Slow and hasty clients on the running suite: what they meet, and that nobody else notices.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { refused, Wire, type LiveEvent } from './bad-input-wire.ts';
import { client, connect, history, login, programs, state, suiteIsThere, unique, until, sanitizerMiB } from './suite.ts';

/** A counter of both gateways. */
async function counter(name: string): Promise<number> {
  let sum = 0;
  for (const [, port] of readFileSync(`${state}/ports`, 'utf8').matchAll(/^gateway-\d+=(\d+)$/gm)) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    sum += Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  }
  return sum;
}

/** Resident MiB of the gateways together. */
async function gatewayMiB(): Promise<number> {
  let kib = 0;
  for (const { name, pid } of await programs()) {
    if (!name.startsWith('gateway')) continue;
    kib += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  }
  return kib / 1024;
}

const seqsOf = (events: LiveEvent[]) =>
  events.flatMap(({ type, message }) => (type === 'message' ? [(message as { seq: number }).seq] : []));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe.skipIf(!suiteIsThere())('limits', () => {
  test('one who stops reading is told to ask again or is cut, in bounded memory, and nobody else waits', async () => {
    const [andre, amara, arthur] = await Promise.all(
      ['analyst', 'admin', 'auditor'].map((role) => client(login(0, role))),
    );
    if (!andre || !amara || !arthur) throw new Error('three log-ins are needed');
    const thread = await andre.createThread({ title: unique('slow readers') });
    const token = await arthur.tokens.access();
    const [asks, stays] = await Promise.all([new Wire(token).open(), new Wire(token).open()]);
    const subscribe = (after: number) => ({ op: 'subscribe', thread_id: thread.id, after_seq: after });
    const quick = connect(arthur);
    quick.live.subscribe(thread.id, 0);
    for (const slow of [asks, stays]) {
      slow.send(subscribe(0));
      await slow.next(({ type }) => type === 'subscribed');
      slow.socket.pause();
    }
    const [before, lagged, cut] = [
      await gatewayMiB(),
      await counter('wardroom_gateway_lagged_total'),
      await refused('too_slow'),
    ];

    // What fills the kernel's buffers and then the queues: frames of 16 KB, until both have lagged.
    const posters = [connect(andre).live, connect(amara).live];
    const body = 'x'.repeat(16_000);
    let posted = 0;
    while ((await counter('wardroom_gateway_lagged_total')) < lagged + 2) {
      expect(posted, 'posts without a lag').toBeLessThan(3_000);
      await Promise.all(range(1, 40).map((i) => posters[i % 2]?.post({ thread_id: thread.id, body })));
      posted += 40;
    }
    const last = thread.last_seq + posted;
    await until(() => expect(quick.messages.at(-1)?.seq).toBe(last));
    expect(quick.messages.map(({ seq }) => seq)).toEqual(range(1, last));
    expect((await gatewayMiB()) - before).toBeLessThan(64 + 2 * sanitizerMiB);

    // One reads again: it hears `resync`, asks from where it stands, and misses nothing.
    asks.socket.resume();
    await asks.next(({ type, thread_id }) => type === 'resync' && thread_id === thread.id);
    asks.send(subscribe(seqsOf(asks.events).at(-1) ?? 0));
    await until(() => expect(seqsOf(asks.events).at(-1)).toBe(last), 30_000);
    expect(seqsOf(asks.events)).toEqual(range(1, last));

    // The other one goes on not reading, and is cut within 15 seconds and some.
    await until(async () => expect(await refused('too_slow')).toBeGreaterThan(cut), 40_000);
    stays.socket.resume();
    expect([4408, 1006]).toContain(await stays.closed);
    asks.socket.terminate();
  }, 180_000);

  test('a client that only listens is alive as long as it answers pings', async () => {
    const arthur = await client(login(0, 'auditor'));
    const listener = await new Wire(await arthur.tokens.access()).open();
    let pings = 0;
    listener.socket.on('ping', () => (pings += 1));
    // The second comes only to one whose answer to the first was heard.
    await until(() => expect(pings).toBe(2), 90_000);
    expect(listener.socket.readyState).toBe(listener.socket.OPEN);
    listener.socket.terminate();
  }, 120_000);

  test('a user with many sockets is refused what is over their limit, and a colleague is not', async () => {
    const [gabriel, grace] = await Promise.all([client(login(1, 'member', 1)), client(login(1, 'member', 0))]);
    const thread = await gabriel.createThread({ title: unique('hasty') });
    const hers = await grace.createThread({ title: unique('calm') });
    const token = await gabriel.tokens.access();
    const sockets = await Promise.all(range(1, 12).map(() => new Wire(token).open()));
    const calm = connect(grace);
    const before = await refused('user_rate');
    for (const { send } of sockets.map((wire) => ({ send: wire.send.bind(wire) })))
      for (let i = 0; i < 90; i++)
        send({ op: 'post', ref: crypto.randomUUID(), thread_id: thread.id, body: `post ${i}` });
    const calmAck = calm.live.post({ thread_id: hers.id, body: 'one by one' });

    const answers = (type: string) => sockets.flatMap(({ events }) => events.filter((event) => event.type === type));
    await until(() => expect(answers('ack').length + answers('error').length).toBe(12 * 90), 30_000);
    expect((await calmAck).seq).toBeGreaterThan(0);
    const errors = answers('error');
    expect(errors.length).toBeGreaterThan(0);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['rate_limited']));
    expect(errors.every(({ ref }) => typeof ref === 'string')).toBe(true);
    expect(await refused('user_rate')).toBe(before + errors.length);
    const written = (await history(gabriel, thread.id)).filter(({ kind }) => kind === 'text');
    expect(written).toHaveLength(answers('ack').length);

    // The sockets live, and what was refused may be sent again.
    const retried = errors[0]?.['ref'] as string;
    const { live } = connect(gabriel);
    await live.post({ thread_id: thread.id, body: 'later', ref: retried });
    expect(sockets.every(({ socket }) => socket.readyState === socket.OPEN)).toBe(true);
    for (const { socket } of sockets) socket.terminate();
  });

  test('a client library that is refused for its rate retries by itself and loses nothing', async () => {
    const gabriel = await client(login(1, 'member', 1));
    const thread = await gabriel.createThread({ title: unique('patient') });
    const lives = range(1, 4).map(() => connect(gabriel).live);
    const acks = await Promise.all(
      range(0, 199).map((i) => lives[i % 4]?.post({ thread_id: thread.id, body: `post ${i}` })),
    );
    expect(new Set(acks.map((ack) => ack?.seq)).size).toBe(200);
  });
});
