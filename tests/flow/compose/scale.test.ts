// Containers are added and removed while posts are under way: the gateway finds every address that
// the name of a service has, the balancer every gateway. Run by tests/compose/run.

import { describe, expect, test } from 'vitest';
import { discovered, Load } from '../load.ts';
import { client, command, login, projectRoot } from '../suite.ts';

const compose = process.env['WARDROOM_COMPOSE']?.split(' ') ?? [];

async function run(...args: string[]): Promise<string> {
  const [file = '', ...before] = compose;
  const done = await command(file, [...before, '--project-directory', projectRoot, ...args]);
  expect(done.code, done.out).toBe(0);
  return done.out;
}

function scale(threads: number, gateways: number): Promise<string> {
  return run('up', '-d', '--scale', `threads=${threads}`, '--scale', `gateway=${gateways}`);
}

async function timed(words: string, work: Promise<unknown>): Promise<void> {
  const begin = Date.now();
  await work;
  console.log(`${words}: ${Date.now() - begin} ms`);
}

/** A figure of one container, from its /metrics. */
async function figure(service: string, index: number, metric: RegExp): Promise<number> {
  const page = await run('exec', '-T', `--index=${index}`, service, 'curl', '-s', 'http://127.0.0.1:9100/metrics');
  return Number(metric.exec(page)?.[1] ?? 0);
}

describe.skipIf(compose.length === 0)('containers that come and go under load', () => {
  test('are found by DNS and lose and double nothing', async () => {
    const load = await Load.start(await client(login(0, 'analyst')), await client(login(0, 'auditor')), 6);
    await load.goesOn();
    await scale(3, 1);
    await timed('three replicas of threads were found after', discovered('threads', 3, 15_000));
    await load.goesOn(200);
    const posts = /^wardroom_requests_total\{method="threads.Post",class="ok"\} (\d+)/m;
    const shares = [await figure('threads', 1, posts), await figure('threads', 2, posts), await figure('threads', 3, posts)];
    expect(shares.filter((share) => share > 0).length, `posts by replica: ${shares}`).toBeGreaterThan(1);
    await scale(3, 2);
    // Every client comes back through a new connection, so both gateways get some.
    await run('stop', '--timeout', '15', 'balancer');
    await run('start', 'balancer');
    await load.goesOn(200);
    const sockets = /^wardroom_gateway_sessions(?:\{[^}]*\})? (\d+)/m;
    expect(await figure('gateway', 1, sockets), 'sockets at the first gateway').toBeGreaterThan(0);
    expect(await figure('gateway', 2, sockets), 'sockets at the second gateway').toBeGreaterThan(0);
    await scale(1, 1);
    await timed('one replica of threads was left after', discovered('threads', 1, 15_000));
    await load.goesOn(200);
    await load.end();
    console.log(`${load.acked.size} posts, none waited longer than ${load.longestMs} ms`);
  });
});
