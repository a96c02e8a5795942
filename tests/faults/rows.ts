// What can break, one row each. A row does its harm to a suite under load, sees to it that the harm
// ends, and says from when on recovery counts: the moment of death, or the end of a trouble that
// lasts. Which replica, for how long and how hard follow from the seed. Next: schedule.ts

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { command } from '../flow/suite.ts';
import type { Journal } from './journal.ts';
import type { Crew, Load } from './load.ts';
import { kill, named, programs, readyAll, replicas, rest, restart, signal, stateFolder, waitFor } from './programs.ts';
import type { Proxy, Weather } from './proxy.ts';
import { seeded } from './seeded.ts';
import type { Wiring } from './wiring.ts';

export interface Scene {
  wiring: Wiring;
  crew: Crew;
  load: Load;
  journal: Journal;
  random: () => number;
}

export interface Harm {
  sinceMs: number;
  /** What recovery means where it is not a new post that is acked and seen. */
  recovered?: () => Promise<void>;
}

export interface Row {
  name: string;
  /** The promised recovery. */
  limitMs: number;
  run: (scene: Scene) => Promise<Harm>;
}

const SERVICE_MS = 3_000;
const POSTGRES_MS = 10_000;
/** A failpoint is reached with the next post or not at all. */
const ARMED_MS = 10_000;

function pick<Item>(random: () => number, items: Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

function between(random: () => number, low: number, high: number): number {
  return Math.round(low + random() * (high - low));
}

function now(): Harm {
  return { sinceMs: performance.now() };
}

// --- deaths

function killOne(choose: (scene: Scene) => string): Row['run'] {
  return async (scene) => {
    const victim = choose(scene);
    const harm = now();
    await kill(victim);
    return harm;
  };
}

async function killAllThreads(): Promise<Harm> {
  const harm = now();
  await Promise.all(replicas('threads').map((name) => kill(name)));
  return harm;
}

/** Arm a failpoint in every replica of threads; the first that reaches it dies. */
async function dieAt(scene: Scene, point: string): Promise<Harm> {
  const files = replicas('threads').map((name) => `${scene.wiring.failpoints(name)}/${point}`);
  const deaths = () => programs().reduce((sum, program) => sum + program.deaths, 0);
  const before = deaths();
  for (const file of files) writeFileSync(file, '');
  await waitFor(`${point} to be reached`, () => files.some((file) => !existsSync(file)), ARMED_MS);
  const harm = now();
  for (const file of files) rmSync(file, { force: true });
  await waitFor('a replica of threads to die', () => deaths() > before);
  return harm;
}

/** The post that was committed and never announced is the last one: nothing behind it shows the gap. */
async function dieUnheard(scene: Scene): Promise<Harm> {
  await scene.load.stop();
  await scene.load.caughtUp(scene.load.readers);
  const posting = scene.load.postOnce();
  const harm = await dieAt(scene, 'between_commit_and_publish');
  const { ref } = await posting;
  const recovered = () =>
    waitFor('the unheard post to be seen', () =>
      scene.load.readers.every(({ messages }) => messages.at(-1)?.client_id === ref), ARMED_MS);
  return { ...harm, recovered: () => recovered().finally(() => scene.load.start()) };
}

async function roll(scene: Scene): Promise<Harm> {
  for (const { name } of programs()) {
    await restart(name);
    await readyAll();
  }
  return now();
}

// --- Redis

async function redis(...words: string[]): Promise<void> {
  const url = new URL(readFileSync(`${stateFolder}/secrets/redis_url`, 'utf8').trim());
  const { code, out } = await command('redis-cli', ['-p', url.port, ...words], { REDISCLI_AUTH: url.password });
  if (code !== 0 || /^\(?(error|ERR|NOAUTH)/.test(out)) throw new Error(`redis-cli ${words.join(' ')}: ${out}`);
}

async function redisFlushed(): Promise<Harm> {
  const harm = now();
  await redis('FLUSHALL');
  await redis('SCRIPT', 'FLUSH');
  return harm;
}

/** Nothing more fits in, and nothing is thrown out for it. */
async function redisFull({ random }: Scene): Promise<Harm> {
  await redis('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1');
  await rest(between(random, 500, 1500));
  await redis('CONFIG', 'SET', 'maxmemory', '0');
  return now();
}

/** Subscribers are cut off for their output buffer, as when they are too slow for Redis. */
async function redisCutsSubscribers({ random }: Scene): Promise<Harm> {
  const harm = now();
  for (let i = between(random, 1, 4); i > 0; i--) {
    harm.sinceMs = performance.now();
    await redis('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await rest(between(random, 50, 300));
  }
  return harm;
}

async function stopped(names: string[], ms: number): Promise<Harm> {
  for (const name of names) signal(name, 'SIGSTOP');
  await rest(ms);
  for (const name of names) signal(name, 'SIGCONT');
  return now();
}

// --- PostgreSQL

function postgres(which: NodeJS.Signals): Row['run'] {
  return async () => {
    const harm = now();
    await kill('postgres', which);
    return harm;
  };
}

// --- links

async function weather(proxies: Proxy[], change: Partial<Weather>, ms: number): Promise<Harm> {
  for (const proxy of proxies) proxy.set(change);
  await rest(ms);
  for (const proxy of proxies) proxy.heal();
  return now();
}

/** Between one gateway, or all, and every replica of threads; nothing passes. */
function partitionThreads({ wiring, random }: Scene): Promise<Harm> {
  const gateway = pick(random, [...wiring.clients.keys(), '']);
  return weather(wiring.busOf('threads', gateway), { blackHole: true }, between(random, 500, 4000));
}

async function resetThreads({ wiring, random }: Scene): Promise<Harm> {
  const harm = now();
  for (let i = between(random, 1, 4); i > 0; i--) {
    harm.sinceMs = performance.now();
    for (const proxy of wiring.busOf('threads')) proxy.reset();
    await rest(between(random, 20, 400));
  }
  return harm;
}

/** In one direction only, in some of the seeds: events are published and do not arrive. */
async function partitionRedis({ wiring, random }: Scene): Promise<Harm> {
  const proxies = [...wiring.redis].filter(() => random() < 0.6).map(([, proxy]) => proxy);
  const ms = between(random, 500, 4500);
  if (random() < 0.5) return weather(proxies, { blackHole: true }, ms);
  for (const proxy of proxies) proxy.down.blackHole = true;
  await rest(ms);
  for (const proxy of proxies) proxy.heal();
  return now();
}

function threadsDatabases(wiring: Wiring): Proxy[] {
  return [...wiring.database].filter(([name]) => name.startsWith('threads')).map(([, proxy]) => proxy);
}

/** A connection to PostgreSQL ends in the middle of what it says, mostly behind a COMMIT. */
async function cutPostgres({ wiring, random }: Scene): Promise<Harm> {
  for (let i = between(random, 1, 3); i > 0; i--) {
    for (const proxy of threadsDatabases(wiring)) {
      proxy.up.cutAfterBytes = between(random, 1, 20_000);
      proxy.down.cutAfterBytes = between(random, 1, 4_000);
    }
    await rest(between(random, 200, 600));
  }
  for (const proxy of threadsDatabases(wiring)) proxy.heal();
  return now();
}

async function cutClients({ wiring, random }: Scene): Promise<Harm> {
  for (let i = between(random, 2, 4); i > 0; i--) {
    for (const proxy of wiring.clients.values()) {
      proxy.up.cutAfterBytes = between(random, 1, 3_000);
      proxy.down.cutAfterBytes = between(random, 1, 20_000);
    }
    await rest(between(random, 200, 500));
  }
  for (const proxy of wiring.clients.values()) proxy.heal();
  return now();
}

function slowClients({ wiring, random }: Scene): Promise<Harm> {
  const change = { delayMs: between(random, 20, 200), bytesPerSecond: between(random, 30_000, 200_000) };
  return weather([...wiring.clients.values()], change, 1500);
}

function slowDatabase({ wiring, random }: Scene): Promise<Harm> {
  return weather(threadsDatabases(wiring), { delayMs: between(random, 20, 150) }, 2000);
}

/** Every replica of threads stands still, or the way to them is long. */
function slowService({ wiring, random }: Scene): Promise<Harm> {
  if (random() < 0.5) return stopped(replicas('threads'), 2000);
  return weather(wiring.busOf('threads'), { delayMs: between(random, 50, 300) }, 2000);
}

// --- clients and clocks

/** More than its queue takes waits for a client that takes nothing. */
async function slowConsumer({ crew, load, random }: Scene): Promise<Harm> {
  crew.slow.pause();
  load.padding = between(random, 8_000, 15_000);
  await load.acked(150);
  load.padding = 0;
  crew.slow.resume();
  return now();
}

async function duplicates({ load, random }: Scene): Promise<Harm> {
  load.repeatShare = 1;
  await load.acked(between(random, 60, 120));
  return now();
}

/** The replicas' clocks jump apart, and the threads change hands: time must not run backwards. */
async function clockJumps({ wiring, load, journal, random }: Scene): Promise<Harm> {
  const names = replicas('threads');
  const files = names.map((name) => `${wiring.failpoints(name)}/clock_offset_us`);
  // Each its own way; tokens allow 60 s.
  const offsets = files.map(() => between(random, 5, 55) * (random() < 0.5 ? -1 : 1));
  files.forEach((file, i) => writeFileSync(file, String((offsets[i] ?? 0) * 1_000_000)));
  journal.about = `by ${offsets.join(' and ')} s`;
  await load.acked(10);
  const harm = now();
  await kill(pick(random, names));
  /** With the clocks apart, and again when they have jumped back. */
  const recovered = async () => {
    await load.probe();
    for (const file of files) rmSync(file, { force: true });
    await load.probe();
  };
  return { ...harm, recovered: () => recovered().finally(() => files.forEach((file) => rmSync(file, { force: true }))) };
}

/** Choices of its own for what runs beside something else, so that the order of asking is no matter. */
export function choicesWithin(random: () => number): () => number {
  return seeded(Math.floor(random() * 2 ** 32));
}

/** Two of the rows at the same moment. */
async function twoAtOnce(scene: Scene): Promise<Harm> {
  const alone = ['die unheard', 'clocks jump', 'SIGTERM roll', 'two at once'];
  const rows = ROWS.filter(({ name }) => !alone.includes(name));
  const first = pick(scene.random, rows);
  const second = pick(scene.random, rows.filter((row) => row !== first));
  scene.journal.about = `${first.name} and ${second.name}`;
  const harms = await Promise.all([first, second].map((row) => row.run({ ...scene, random: choicesWithin(scene.random) })));
  return { sinceMs: Math.max(...harms.map(({ sinceMs }) => sinceMs)) };
}

export const ROWS: Row[] = [
  { name: 'kill threads', limitMs: SERVICE_MS, run: killOne(({ random }) => pick(random, replicas('threads'))) },
  { name: 'kill every threads', limitMs: SERVICE_MS, run: killAllThreads },
  { name: 'kill gateway', limitMs: SERVICE_MS, run: killOne(({ random }) => pick(random, replicas('gateway'))) },
  {
    name: 'kill another service',
    limitMs: SERVICE_MS,
    run: killOne(({ random }) => pick(random, ['auth-1', 'templates-1', 'files-1', 'retention-1'])),
  },
  { name: 'kill Redis', limitMs: SERVICE_MS, run: killOne(() => 'redis') },
  { name: 'kill PostgreSQL', limitMs: POSTGRES_MS, run: postgres('SIGKILL') },
  { name: 'die before COMMIT', limitMs: SERVICE_MS, run: (scene) => dieAt(scene, 'before_commit') },
  { name: 'die before publish', limitMs: SERVICE_MS, run: (scene) => dieAt(scene, 'between_commit_and_publish') },
  { name: 'die before reply', limitMs: SERVICE_MS, run: (scene) => dieAt(scene, 'between_publish_and_reply') },
  { name: 'die unheard', limitMs: SERVICE_MS, run: dieUnheard },
  { name: 'Redis flushed', limitMs: SERVICE_MS, run: redisFlushed },
  {
    name: 'Redis paused',
    limitMs: SERVICE_MS,
    run: ({ random }) => stopped(['redis'], between(random, 500, 4000)),
  },
  { name: 'Redis full', limitMs: SERVICE_MS, run: redisFull },
  { name: 'Redis cuts subscribers', limitMs: SERVICE_MS, run: redisCutsSubscribers },
  { name: 'PostgreSQL fast', limitMs: POSTGRES_MS, run: postgres('SIGINT') },
  { name: 'PostgreSQL immediate', limitMs: POSTGRES_MS, run: postgres('SIGQUIT') },
  { name: 'partition threads', limitMs: SERVICE_MS, run: partitionThreads },
  { name: 'reset threads', limitMs: SERVICE_MS, run: resetThreads },
  { name: 'partition Redis', limitMs: SERVICE_MS, run: partitionRedis },
  {
    name: 'partition PostgreSQL',
    limitMs: POSTGRES_MS,
    run: ({ wiring, random }) => weather(threadsDatabases(wiring), { blackHole: true }, between(random, 500, 3000)),
  },
  { name: 'cut PostgreSQL', limitMs: POSTGRES_MS, run: cutPostgres },
  { name: 'cut clients', limitMs: SERVICE_MS, run: cutClients },
  { name: 'slow clients', limitMs: SERVICE_MS, run: slowClients },
  { name: 'slow database', limitMs: POSTGRES_MS, run: slowDatabase },
  { name: 'slow service', limitMs: SERVICE_MS, run: slowService },
  { name: 'slow consumer', limitMs: SERVICE_MS, run: slowConsumer },
  { name: 'duplicates', limitMs: SERVICE_MS, run: duplicates },
  { name: 'clocks jump', limitMs: SERVICE_MS, run: clockJumps },
  { name: 'SIGTERM roll', limitMs: SERVICE_MS, run: roll },
  { name: 'two at once', limitMs: POSTGRES_MS, run: twoAtOnce },
];

/** Wake whoever was left asleep by a row that failed in the middle. */
export function wakeAll(): void {
  for (const { name } of programs()) if (named(name).pid > 0) signal(name, 'SIGCONT');
}
