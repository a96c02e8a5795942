// One row, from a new thread to its verdict: load, harm, recovery, quiet, judgement.
// Next: table.ts

import { readFileSync } from 'node:fs';
import { Problem } from '@wardroom/client/problem';
import type { HttpClient } from '@wardroom/client/http-client';
import { command, history } from '../flow/suite.ts';
import { judge, type Evidence, type Stored, type Verdict } from './checker.ts';
import { Journal } from './journal.ts';
import { Load, type Crew } from './load.ts';
import { readyAll, rest, stateFolder, waitFor } from './programs.ts';
import { choicesWithin, wakeAll, type Row, type Scene } from './rows.ts';
import type { Wiring } from './wiring.ts';

const TENANT = 'acme';
const PATIENCE_MS = 20_000;

export interface Played {
  row: Row;
  verdict: Verdict;
  /** NaN when it never did. */
  recoveryMs: number;
  sent: number;
  acked: number;
  retried: number;
  repeated: number;
  about: string;
  tookMs: number;
}

export async function play(row: Row, wiring: Wiring, crew: Crew, random: () => number): Promise<Played> {
  const beganMs = performance.now();
  const canary = `canary${crypto.randomUUID().slice(-12)}`;
  const journal = new Journal(TENANT, await newThread(crew, `${row.name} ${canary}`), canary);
  const watched = wiring.sealedLinks();
  for (const proxy of watched) [proxy.forbidden, proxy.sightings] = [[Buffer.from(canary)], 0];
  const load = new Load(crew, journal, choicesWithin(random));
  let recoveryMs = Number.NaN;
  let evidence: Evidence | null = null;
  try {
    recoveryMs = await harm(row, { wiring, crew, load, journal, random });
    await quiet(wiring, crew, load);
    await trespass(crew, journal);
    evidence = await collect(crew, journal.threadId);
  } catch (error) {
    journal.surprises.push(String(error));
  } finally {
    await rescue(wiring, crew, load);
  }
  for (const proxy of watched) journal.leaked += proxy.sightings;
  journal.leaked += crew.outsider.sightingsOfForbidden;
  const verdict = judge(journal, evidence ?? (await collect(crew, journal.threadId)));
  const { sent, acks, retried, repeated, about } = journal;
  return { row, verdict, recoveryMs, sent: sent.size, acked: acks.size, retried, repeated, about, tookMs: performance.now() - beganMs };
}

/** Load, then the harm, then how long it took until everything worked again. */
async function harm(row: Row, scene: Scene): Promise<number> {
  const { load, crew, random } = scene;
  load.start();
  await load.acked(8 + Math.floor(random() * 30));
  crew.slow.pause();
  const { sinceMs, recovered } = await row.run(scene);
  await (recovered ? recovered() : load.probe());
  const recoveryMs = performance.now() - sinceMs;
  crew.slow.resume();
  await load.acked(8 + Math.floor(random() * 8));
  return recoveryMs;
}

async function quiet(wiring: Wiring, crew: Crew, load: Load): Promise<void> {
  wiring.heal();
  await load.stop();
  await load.caughtUp();
  await readyAll();
  await crew.ready();
}

/** After a row that failed in its middle, so that the next begins with a suite that works. */
async function rescue(wiring: Wiring, crew: Crew, load: Load): Promise<void> {
  wakeAll();
  wiring.heal();
  crew.slow.resume();
  await load.stop();
  load.end();
  await readyAll();
}

/** Somebody of another tenant asks for this thread, on every way there is. */
async function trespass(crew: Crew, journal: Journal): Promise<void> {
  const stranger = await crew.people.stranger.client();
  const path = `/api/chat/threads/${journal.threadId}/`;
  for (const ask of [() => stranger.thread(journal.threadId), () => stranger.call(`${path}messages/`)]) {
    const status = await patiently(() => ask().then(() => 200)).catch((error: Problem) => error.status);
    if (status !== 404) journal.leaked += 1;
  }
  let code = '';
  await waitFor('the stranger to be refused', async () => {
    code = await crew.outsider.trespass(journal.threadId);
    return !['closed', 'unavailable', 'deadline_exceeded'].includes(code);
  });
  if (code !== 'not_found') journal.leaked += 1;
}

async function collect(crew: Crew, threadId: string): Promise<Evidence> {
  const auditor = await crew.people.auditor.client();
  return {
    stored: await records(threadId),
    history: await patiently(() => history(auditor, threadId)),
    verify: await patiently(() => auditor.verify(threadId)),
  };
}

/** The thread's rows, read past every program of ours. */
async function records(threadId: string): Promise<Stored[]> {
  const base = readFileSync(`${stateFolder}/secrets/superuser_url`, 'utf8').trim();
  const { code, out } = await command('psql', [
    '-X', '-q', '-t', '-A', '-v', 'ON_ERROR_STOP=1', '-d', base.replace(/dbname=\S+/, 'dbname=wardroom_threads'), '-c',
    `SELECT coalesce(json_agg(json_build_object('seq', seq, 'leaf_kind', leaf_kind, 'time_us', time_us::text,
       'author_id', author_id, 'client_id', client_id, 'commitment', encode(commitment, 'hex')) ORDER BY seq), '[]')
     FROM t_${TENANT}.message WHERE thread_id = '${threadId}'`,
  ]);
  if (code !== 0) throw new Error(`psql: ${out}`);
  return JSON.parse(out) as Stored[];
}

async function newThread(crew: Crew, title: string): Promise<string> {
  const { analyst, member, other } = crew.people;
  return patiently(async () => {
    const participants = await Promise.all([member, other].map(async (one) => idOf(await one.client())));
    return (await (await analyst.client()).createThread({ title, participants })).id;
  });
}

const ids = new Map<HttpClient, Promise<string>>();

function idOf(http: HttpClient): Promise<string> {
  const known = ids.get(http) ?? http.me().then(({ id }) => id);
  ids.set(http, known);
  known.catch(() => ids.delete(http));
  return known;
}

/** Ask again while the answer is one that passes by itself. */
async function patiently<Result>(ask: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (problem) {
      if (!(problem instanceof Problem) || !problem.retryable || performance.now() > deadline) throw problem;
      await rest(50);
    }
  }
}
