// The programs of the suite under test: where they are, how they are, how they die and come back.
// Reads what the supervisor writes; asks it only to restart one. Next: socket.ts

import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { command, projectRoot, state } from '../flow/suite.ts';

export const stateFolder = state;
export const runFolder = state ? runFolderOf() : '';

/** How long a program may take from its death to /readyz; PostgreSQL replays its log. */
const READY_MS = 20_000;
const LOOK_EVERY_MS = 10;

export interface Status {
  name: string;
  pid: number;
  state: string;
  deaths: number;
}

export function serviceOf(name: string): string {
  return name.replace(/-\d+$/, '');
}

/** The folder of sockets, which is not always in the state folder; any service's address tells. */
function runFolderOf(): string {
  const listen = /^WARDROOM_LISTEN=ipc:\/\/(.*)$/m.exec(readFileSync(`${state}/env/auth-1`, 'utf8'));
  return dirname(dirname(listen?.[1] ?? ''));
}

export function programs(): Status[] {
  return (JSON.parse(readFileSync(`${runFolder}/status.json`, 'utf8')) as { programs: Status[] }).programs;
}

export function named(name: string): Status {
  const found = programs().find((program) => program.name === name);
  if (!found) throw new Error(`the suite has no program ${name}`);
  return found;
}

/** The replicas of a service, as they are called. */
export function replicas(service: string): string[] {
  return programs().map(({ name }) => name).filter((name) => serviceOf(name) === service);
}

/** Send a signal to a program that runs. */
export function signal(name: string, which: NodeJS.Signals): void {
  const { pid } = named(name);
  if (pid > 0) process.kill(pid, which);
}

/** Kill it; it is gone when this returns, and the supervisor has another at work on it. */
export async function kill(name: string, which: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const { pid } = named(name);
  signal(name, which);
  await waitFor(`the end of ${name}`, () => named(name).pid !== pid);
}

/** SIGTERM, and a start afterwards. */
export async function restart(name: string): Promise<void> {
  const { pid } = named(name);
  const bin = process.env['WARDROOM_BIN'] ?? `${projectRoot}build/release/bin`;
  const { code, out } = await command(`${bin}/wardroom-supervisor`, ['--ask', runFolder, `restart ${name}`]);
  if (code !== 0) throw new Error(`restart of ${name} refused: ${out}`);
  await waitFor(`another ${name}`, () => named(name).pid !== pid && named(name).state === 'running');
}

/** Until every program runs and calls itself ready. */
export async function readyAll(): Promise<void> {
  await waitFor('all programs to run', () => programs().every((program) => program.state === 'running'));
  await Promise.all(
    programs().map(async ({ name }) => {
      const listen = /^WARDROOM_OPS_LISTEN=(.*)$/m.exec(readFileSync(`${state}/env/${name}`, 'utf8'))?.[1];
      if (listen) await waitFor(`${name} to be ready`, () => answersWell(`http://${listen}/readyz`));
    }),
  );
}

async function answersWell(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

/** Until the condition holds. Throws at the deadline, naming what was waited for. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = READY_MS,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
    await rest(LOOK_EVERY_MS);
  }
}

/** A pause that belongs to a schedule, not a wait for something to happen. */
export function rest(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}

export interface Footprint {
  rssKiB: number;
  files: number;
}

/** What a program takes of the machine now; null while it has no process. */
export function footprint(name: string): Footprint | null {
  const { pid } = named(name);
  try {
    const rss = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return { rssKiB: Number(rss?.[1] ?? 0), files: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return null;
  }
}
