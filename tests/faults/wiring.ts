// Puts proxies between the parts of a running suite, and takes them away again.
//
// No program knows: each reads its environment from a file of the state folder, so the addresses
// there are changed and the supervisor starts it again. A gateway is shown a folder of announcements
// that mirrors the real one with proxies in place of the replicas. One proxy stands for each pair:
// a gateway and a replica, a program and Redis, a service and PostgreSQL, clients and a gateway.
// Next: programs.ts

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readyAll, restart, runFolder, serviceOf, stateFolder } from './programs.ts';
import { freePort, Proxy } from './proxy.ts';

/** Announcements are copied so often; the programs themselves look ten times a second at most. */
const MIRROR_EVERY_MS = 50;

export class Wiring {
  /** By gateway: what clients of this gateway connect to. */
  readonly clients = new Map<string, Proxy>();
  /** By program: between it and Redis. */
  readonly redis = new Map<string, Proxy>();
  /** By service replica: between it and PostgreSQL. */
  readonly database = new Map<string, Proxy>();
  /** By "gateway replica": between the two. */
  readonly bus = new Map<string, Proxy>();
  private readonly folder = mkdtempSync('/tmp/wf-');
  private readonly before = new Map<string, string>();
  private timer: ReturnType<typeof setInterval> | undefined;

  /** Programs of the suite by the files of their environment. */
  private static names(): string[] {
    return readdirSync(`${stateFolder}/env`).filter((name) => /^[a-z]+-\d+$/.test(name));
  }

  static async start(): Promise<Wiring> {
    const wiring = new Wiring();
    const names = Wiring.names();
    const services = names.filter((name) => serviceOf(name) !== 'gateway');
    for (const name of names) wiring.before.set(name, readFileSync(`${stateFolder}/env/${name}`, 'utf8'));
    for (const name of services) await wiring.wireService(name);
    for (const name of names) if (!services.includes(name)) await wiring.wireGateway(name, services);
    wiring.mirror();
    wiring.timer = setInterval(() => wiring.mirror(), MIRROR_EVERY_MS);
    await Promise.all(names.map((name) => restart(name)));
    await readyAll();
    return wiring;
  }

  /** Everything as it was. */
  async stop(): Promise<void> {
    this.heal();
    for (const [name, text] of this.before) writeEnvironment(name, text);
    await Promise.all([...this.before.keys()].map((name) => restart(name)));
    await readyAll();
    clearInterval(this.timer);
    await Promise.all(this.all().map((proxy) => proxy.stop()));
    rmSync(this.folder, { recursive: true });
  }

  all(): Proxy[] {
    return [this.clients, this.redis, this.database, this.bus].flatMap((map) => [...map.values()]);
  }

  heal(): void {
    for (const proxy of this.all()) proxy.heal();
  }

  /** The links between gateways and replicas of a service, of one gateway or all. */
  busOf(service: string, gateway = ''): Proxy[] {
    return [...this.bus].filter(([pair]) => {
      const [from = '', to = ''] = pair.split(' ');
      return serviceOf(to) === service && (!gateway || from === gateway);
    }).map(([, proxy]) => proxy);
  }

  /** Everything that must be sealed on its way: all but what clients say themselves. */
  sealedLinks(): Proxy[] {
    return [this.redis, this.database, this.bus].flatMap((map) => [...map.values()]);
  }

  /** The folder in which a program looks for failpoints (lib/core/failpoint.h). */
  failpoints(name: string): string {
    return `${this.folder}/${name}`;
  }

  private makeFolder(name: string): string {
    mkdirSync(`${this.folder}/${name}`, { recursive: true, mode: 0o700 });
    return `${this.folder}/${name}`;
  }

  private async wireService(name: string): Promise<void> {
    const folder = this.makeFolder(name);
    const environment = readEnvironment(name);
    await this.wireRedis(name, environment);
    const url = environment.get('WARDROOM_DATABASE_URL') ?? '';
    const sockets = /host=(\S+)/.exec(url)?.[1] ?? '';
    const there = { path: `${sockets}/.s.PGSQL.5432` };
    this.database.set(name, await Proxy.start({ path: `${folder}/.s.PGSQL.5432` }, there));
    environment.set('WARDROOM_DATABASE_URL', url.replace(`host=${sockets}`, `host=${folder}`));
    environment.set('WARDROOM_FAILPOINT_DIR', folder);
    writeEnvironment(name, environment);
  }

  private async wireGateway(name: string, services: string[]): Promise<void> {
    const folder = this.makeFolder(name);
    const environment = readEnvironment(name);
    await this.wireRedis(name, environment);
    for (const replica of services) {
      const proxy = await Proxy.start({ path: `${folder}/${replica}` }, { path: `${runFolder}/bus/${replica}.sock` });
      this.bus.set(`${name} ${replica}`, proxy);
      const service = serviceOf(replica);
      environment.set(`WARDROOM_${service.toUpperCase()}_ENDPOINT`, `dir:${this.makeFolder(`${name}/at/${service}`)}`);
    }
    const port = await freePort();
    this.clients.set(name, await Proxy.start({ port: await freePort() }, { port }));
    environment.set('WARDROOM_GATEWAY_LISTEN', `${environment.get('WARDROOM_GATEWAY_LISTEN')},127.0.0.1:${port}`);
    environment.set('WARDROOM_FAILPOINT_DIR', folder);
    writeEnvironment(name, environment);
  }

  private async wireRedis(name: string, environment: Map<string, string>): Promise<void> {
    const url = new URL(readFileSync(environment.get('REDIS_URL_FILE') ?? '', 'utf8').trim());
    const proxy = await Proxy.start({ port: await freePort() }, { port: Number(url.port) });
    this.redis.set(name, proxy);
    url.port = String(proxy.port);
    environment.delete('REDIS_URL_FILE');
    environment.set('REDIS_URL', url.href);
  }

  /** Show each gateway what is announced, as its own proxies. */
  private mirror(): void {
    for (const service of new Set([...this.database.keys()].map(serviceOf))) {
      const announced = new Map<string, string>();
      for (const file of filesOf(`${runFolder}/discovery/${service}`)) {
        const endpoint = textOf(`${runFolder}/discovery/${service}/${file}`).trim();
        if (endpoint) announced.set(file, basename(endpoint, '.sock'));
      }
      for (const gateway of this.clients.keys()) this.show(`${this.folder}/${gateway}`, service, announced);
    }
  }

  private show(folder: string, service: string, announced: Map<string, string>): void {
    const at = `${folder}/at/${service}`;
    const shown = filesOf(at);
    for (const file of shown) if (!announced.has(file)) rmSync(`${at}/${file}`, { force: true });
    for (const [file, replica] of announced) {
      if (shown.includes(file)) continue;
      writeFileSync(`${at}/.new`, `ipc://${folder}/${replica}\n`);
      renameSync(`${at}/.new`, `${at}/${file}`);
    }
  }
}

function filesOf(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith('.'));
}

/** '' when it went away meanwhile. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readEnvironment(name: string): Map<string, string> {
  const lines = readFileSync(`${stateFolder}/env/${name}`, 'utf8').split('\n').filter((line) => line.includes('='));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

function writeEnvironment(name: string, environment: Map<string, string> | string): void {
  const text = typeof environment === 'string'
    ? environment
    : [...environment].map(([key, value]) => `${key}=${value}\n`).join('');
  writeFileSync(`${stateFolder}/env/${name}`, text, { mode: 0o600 });
}
