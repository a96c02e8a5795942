// Bad tokens, other tenants' ids, bad JSON and sizes over real sockets: each gets its documented
// answer and its counter, and nobody dies. Rows name what is wrong; the helpers beside this file
// send it. Next: bad-input-sockets.test.ts

import { beforeAll, describe, expect, test } from 'vitest';
import { forge, type Forged } from './bad-input-tokens.ts';
import { countedAs, expectProblem, pidsNow, send, upgradeHeaders, Wire, type Answer, type Request } from './bad-input-wire.ts';
import { client, freshClient, login, suiteIsThere, unique, url } from './suite.ts';

const uuid = () => crypto.randomUUID();
const KIB = 1024;
const threadsPath = '/api/chat/threads/';

/** Of the first tenant unless it says `foreign`; filled before the first test. */
let token = '';
let forged: Forged = { control: '', bad: {} };
let thread = '';
let foreign = { token: '', thread: '', user: '', file: '' };
let pids: Record<string, number> = {};

const create = (body: string | Buffer) => send({ method: 'POST', path: threadsPath, token, body });
const post = (body: string) =>
  send({ method: 'POST', path: `${threadsPath}${thread}/messages/`, token, body: JSON.stringify({ client_id: uuid(), body }) });
const pointers = (answer: Answer) =>
  (JSON.parse(answer.body) as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer);
const wire = (path?: string) => new Wire(token, path).open();

async function prepare(): Promise<void> {
  pids = await pidsNow();
  const analyst = await freshClient(login(0, 'analyst'));
  const stranger = await client(login(1, 'analyst'));
  token = await analyst.tokens.access();
  forged = await forge(token, analyst.tokens.refreshToken ?? '');
  thread = (await analyst.createThread({ title: unique('bad input') })).id;
  foreign = {
    token: await stranger.tokens.access(),
    thread: (await stranger.createThread({ title: unique('not yours') })).id,
    user: (await stranger.me()).id,
    file: '',
  };
  const stored = await send({
    method: 'POST',
    path: `/api/chat/files/?name=x.txt&thread_id=${foreign.thread}`,
    token: foreign.token,
    headers: { 'Content-Type': 'text/plain' },
    body: 'not yours',
  });
  foreign.file = (JSON.parse(stored.body) as { id: string }).id;
}

describe.skipIf(!suiteIsThere())('bad input', () => {
  beforeAll(prepare);

  describe('in a token', () => {
    const outcome = ({ status, body }: Answer) =>
      `${status} ${(JSON.parse(body || '{}') as { code?: string }).code}`;

    /** What each bad token is answered with, by name. */
    async function outcomes(give: (token: string) => Promise<string>): Promise<Record<string, string>> {
      const all: Record<string, string> = {};
      for (const [name, bad] of Object.entries(forged.bad)) {
        all[name] = await countedAs('token', () => give(bad));
      }
      return all;
    }
    const each = (text: string) =>
      Object.fromEntries(Object.keys(forged.bad).map((name) => [name, text]));

    test('the flaw alone is the reason: the same token without one is let in', async () => {
      expect((await send({ path: '/api/chat/me/', token: forged.control })).status).toBe(200);
    });

    test('any flaw is 401 for a request', async () => {
      const found = await outcomes(async (bad) => outcome(await send({ path: '/api/chat/me/', token: bad })));
      expect(found).toEqual(each('401 invalid_token'));
    });

    test('any flaw is 401 for a WebSocket, before the upgrade', async () => {
      const found = await outcomes(async (bad) =>
        outcome(await send({ path: '/ws/chat/', token: bad, headers: upgradeHeaders })),
      );
      expect(found).toEqual(each('401 invalid_token'));
    });

    test('any flaw is an error for authenticate, and the socket stays as it was', async () => {
      const open = await wire();
      const found = await outcomes(async (bad) => {
        open.send({ op: 'authenticate', token: bad });
        return String((await open.next(({ type }) => type === 'error'))['code']);
      });
      expect(found).toEqual(each('invalid_token'));
      open.send({ op: 'ping', ref: 'still there' });
      await open.next(({ type }) => type === 'pong');
      open.socket.terminate();
    });

    test('a good token of another account closes the socket with 4403', async () => {
      const open = await wire();
      open.send({ op: 'authenticate', token: foreign.token });
      expect(await open.closed).toBe(4403);
    });

    const headers: Record<string, Record<string, string>> = {
      'no Authorization': {},
      'an empty one': { Authorization: '' },
      'Bearer alone': { Authorization: 'Bearer ' },
      'another scheme': { Authorization: 'Basic YTpi' },
    };
    test.each(Object.entries(headers))('%s is 401 everywhere', async (_, lines) => {
      for (const request of [{ path: '/api/chat/me/', headers: lines }, { path: '/ws/chat/', headers: { ...upgradeHeaders, ...lines } }]) {
        const answer = await countedAs('token', () => send(request));
        expectProblem(answer, 401, 'invalid_token');
        expect(answer.headers['www-authenticate']).toContain('Bearer');
      }
    });
  });

  describe("with another tenant's id", () => {
    /** Every route with an id in its path: method, path, body. */
    const routes: [string, string, unknown?][] = [
      ['GET', `${threadsPath}{thread_id}/`],
      ['PATCH', `${threadsPath}{thread_id}/`, { status: 'closed' }],
      ['GET', `${threadsPath}{thread_id}/participants/`],
      ['POST', `${threadsPath}{thread_id}/participants/`, { user_id: '{me}' }],
      ['DELETE', `${threadsPath}{thread_id}/participants/{user_id}/`],
      ['GET', `${threadsPath}{thread_id}/messages/`],
      ['POST', `${threadsPath}{thread_id}/messages/`, { client_id: '{new}', body: 'x' }],
      ['POST', `${threadsPath}{thread_id}/messages/{seq}/acknowledge/`, {}],
      ['POST', `${threadsPath}{thread_id}/read/`, { seq: 1 }],
      ['GET', `${threadsPath}{thread_id}/receipts/`],
      ['GET', `${threadsPath}{thread_id}/verify/`],
      ['GET', '/api/chat/files/{file_id}/'],
      ['GET', '/api/chat/files/{file_id}/content/'],
    ];

    /** The answer without what may differ between two of them. */
    const bare = ({ status, body }: Answer) => ({ status, ...JSON.parse(body), request_id: '' }) as object;

    test('every route with an id is in the table', async () => {
      const schema = (await (await fetch(`${url}/api/schema/`)).json()) as { paths?: Record<string, object> };
      const served = Object.entries(schema.paths ?? {})
        .filter(([path]) => /\{(thread|file)_id\}/.test(path))
        .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
        .filter((route) => /^(GET|POST|PUT|PATCH|DELETE) /.test(route));
      expect(routes.map(([method, path]) => `${method} ${path}`)).toEqual(expect.arrayContaining(served));
    });

    test.each(routes)('%s %s is answered as for an id that does not exist: 404', async (method, path, body) => {
      const me = (await (await client(login(0, 'analyst'))).me()).id;
      const as = (ids: Partial<typeof foreign>) =>
        send({
          method,
          token,
          path: path
            .replace('{thread_id}', ids.thread ?? '')
            .replace('{file_id}', ids.file ?? '')
            .replace('{user_id}', ids.user ?? '')
            .replace('{seq}', '1'),
          ...(body ? { body: JSON.stringify(body).replace('{me}', me).replace('{new}', uuid()) } : {}),
        });
      const answer = await as(foreign);
      expectProblem(answer, 404, 'not_found');
      expect(bare(answer)).toEqual(bare(await as({ thread: uuid(), file: uuid(), user: uuid() })));
    });

    const members: [string, () => Request, string][] = [
      ['a participant', () => ({ path: `${threadsPath}${thread}/participants/`, body: JSON.stringify({ user_id: foreign.user }) }), '/user_id'],
      ['a participant of a new thread', () => ({ path: threadsPath, body: JSON.stringify({ title: 'x', participants: [foreign.user] }) }), '/participants/0'],
      ['an attachment', () => ({ path: `${threadsPath}${thread}/messages/`, body: JSON.stringify({ client_id: uuid(), body: 'x', attachments: [foreign.file] }) }), '/attachments/0'],
    ];
    test.each(members)('%s is 422', async (_, request, pointer) => {
      const answer = await send({ method: 'POST', token, ...request() });
      expectProblem(answer, 422, 'validation_failed');
      expect(pointers(answer)).toEqual([expect.stringContaining(pointer)]);
    });

    const commands: [string, object, string][] = [
      ['subscribe', {}, 'not_found'],
      ['subscribe', { after_seq: 0 }, 'not_found'],
      ['post', { ref: uuid(), body: 'x' }, 'not_found'],
      ['read', { seq: 1 }, 'not_found'],
      ['typing', { active: true }, 'conflict'],
    ];
    test.each(commands)('%s is answered as for an id that does not exist', async (op, members, code) => {
      const open = await wire();
      const answers = [];
      for (const thread_id of [foreign.thread, uuid()]) {
        open.send({ op, thread_id, ...members });
        answers.push(await open.next(({ type }) => type === 'error'));
      }
      const [theirs, nobodys] = answers.map(({ thread_id: _, ...rest }) => rest);
      expect(theirs).toMatchObject({ code });
      expect(theirs).toEqual(nobodys);
      open.socket.terminate();
    });

    test("a WebSocket at another tenant's thread hears that there is none, and nothing of it", async () => {
      const open = await wire(`/ws/chat/${foreign.thread}/`);
      await open.next(({ type, code }) => type === 'error' && code === 'not_found');
      await send({
        method: 'POST',
        path: `${threadsPath}${foreign.thread}/messages/`,
        token: foreign.token,
        body: JSON.stringify({ client_id: uuid(), body: 'for our ears' }),
      });
      open.send({ op: 'ping', ref: 'after it' });
      await open.next(({ type }) => type === 'pong');
      expect(JSON.stringify(open.events)).not.toContain(foreign.thread);
      open.socket.terminate();
    });
  });

  describe('in JSON', () => {
    const nested = (levels: number) => `{"data":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const keyed = (keys: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, i])));

    const unreadable: Record<string, string | Buffer> = {
      'an empty body': '',
      'half an object': '{"title":',
      'a word': 'hello',
      'single quotes': "{'title':'x'}",
      'a comment': '{"title":"x"/* no */}',
      'a comma too many': '{"title":"x",}',
      'something after the object': '{"title":"x"} {}',
      'a byte order mark': '\ufeff{"title":"x"}',
      'a key twice': '{"title":"x","title":"y"}',
      'a key twice, once escaped': '{"title":"x","titl\\u0065":"y"}',
      'an escaped NUL': '{"title":"a\\u0000b"}',
      'a NUL in a key': '{"title\\u0000":"x"}',
      'a NUL byte': '{"title":"a\0b"}',
      'a line end in a string': '{"title":"a\nb"}',
      'a lone high surrogate': '{"title":"\\ud800"}',
      'a lone low surrogate': '{"title":"\\udc00x"}',
      'surrogates in the wrong order': '{"title":"\\udc00\\ud800"}',
      'bytes that are not UTF-8': Buffer.from('{"title":"\xff\xfe"}', 'latin1'),
      'UTF-8 longer than needed': Buffer.from('{"title":"\xc0\xaf"}', 'latin1'),
      'UTF-16': Buffer.from('{"title":"x"}', 'utf16le'),
      'a number over 64 bits': '{"seq":9223372036854775808}',
      'a number under 64 bits': '{"seq":-9223372036854775809}',
      'a number over a double': '{"seq":1e999}',
      'NaN': '{"seq":NaN}',
      '33 levels': nested(33),
      '1,001 keys': keyed(1001),
      'a hundred thousand brackets': '['.repeat(100_000),
    };
    test.each(Object.entries(unreadable))('%s is 400', async (_, body) => {
      expectProblem(await countedAs('body', () => create(body)), 400, 'bad_request');
    });

    const wrong: Record<string, [string, string]> = {
      'an array': ['[]', ''],
      'a member nobody knows': ['{"title":"x","colour":"red"}', '/colour'],
      'a member filled by the gateway, with its inner name': ['{"title":"x","participants_filled":[]}', '/participants_filled'],
      'a member of an inner form': ['{"title":"x","participants_uuids":[]}', '/participants_uuids'],
      'set_fields': ['{"title":"x","set_fields":["title"]}', '/set_fields'],
      'a number for a text': ['{"title":7}', '/title'],
      'an object for a text': ['{"title":{}}', '/title'],
      'a text for an array': ['{"title":"x","participants":"me"}', '/participants'],
      'a word for an id': ['{"title":"x","participants":["me"]}', '/participants/0'],
      'a value of no enum': ['{"title":"x","severity":"dire"}', '/severity'],
      'the enum value that means none': ['{"title":"x","severity":"unspecified"}', '/severity'],
      'no title': ['{}', '/title'],
      'a title over 512 bytes': [JSON.stringify({ title: 'x'.repeat(513) }), '/title'],
      '32 levels of a member nobody knows': [nested(32), '/data'],
      '1,000 keys that nobody knows': [keyed(1000), '/k'],
    };
    test.each(Object.entries(wrong))('%s is 422 with its pointer', async (_, [body, pointer]) => {
      const answer = await create(body);
      expectProblem(answer, 422, 'validation_failed');
      expect(pointers(answer)).toEqual([expect.stringContaining(pointer)]);
    });

    const filled: [string, string, object][] = [
      ['name_filled', `participants/`, { name_filled: 'root' }],
      ['role_filled', `participants/`, { role_filled: 'admin' }],
      ['attachments_filled', `messages/`, { body: 'x', attachments_filled: [{ name: 'x' }] }],
      ['thread_id', `messages/`, { body: 'x', thread_id: uuid() }],
    ];
    test.each(filled)('%s is not the client’s to fill: 422', async (member, path, body) => {
      const ids = path === 'messages/' ? { client_id: uuid() } : { user_id: uuid() };
      const answer = await send({ method: 'POST', path: `${threadsPath}${thread}/${path}`, token, body: JSON.stringify({ ...ids, ...body }) });
      expectProblem(answer, 422, 'validation_failed');
      expect(pointers(answer)).toEqual([`/${member}`]);
    });

    const queries: [string, number][] = [
      ['limit=201', 422], ['limit=-1', 422], ['limit=ten', 422],
      ['limit=99999999999999999999', 422], ['limit=1&limit=x', 422], ['cursor=nonsense', 422],
      ['status=ajar', 422], ['colour=red', 422], ['results=1', 422], ['updated_since=yesterday', 422],
      ['cursor=%ff%fe', 422],
    ];
    test.each(queries)('?%s is %i', async (query, status) => {
      expectProblem(await send({ path: `${threadsPath}?${query}`, token }), status, 'validation_failed');
    });

    test.each(['x', '0', '%27;drop', `${'0'.repeat(37)}`, '00000000-0000-0000-0000-00000000000g'])(
      'the thread id %s in a path is 404',
      async (id) => expectProblem(await send({ path: `${threadsPath}${id}/`, token }), 404, 'not_found'),
    );
  });

  describe('in size', () => {
    const padded = (bytes: number) => `{"title":"padded"}`.padEnd(bytes);

    test('a JSON body of 256 KiB is read, a byte more is 413 and the end of the connection', async () => {
      expect((await create(padded(256 * KIB))).status).toBe(201);
      const request = { method: 'POST', path: threadsPath, token, body: padded(256 * KIB + 1) };
      expectProblem(await countedAs('too_large', () => send(request, true)), 413, 'too_large');
    });

    test('413 needs no more than the head of the request', async () => {
      const request = { method: 'POST', path: threadsPath, token, headers: { 'Content-Type': 'application/json', 'Content-Length': '9999999999' } };
      expectProblem(await countedAs('too_large', () => send(request)), 413, 'too_large');
    });

    test('a file of more than 1 MiB is 413', async () => {
      const request = {
        method: 'POST', path: `/api/chat/files/?name=x&thread_id=${thread}`, token,
        headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': String(KIB * KIB + 1) },
      };
      expectProblem(await countedAs('too_large', () => send(request)), 413, 'too_large');
    });

    test.each([['one byte', 'x', 16 * KIB], ['two bytes', 'é', 8 * KIB], ['four bytes', '🦓', 4 * KIB]])(
      'a message of 16 KiB in characters of %s is taken, one more is 422',
      async (_, character, count) => {
        expect((await post(character.repeat(count))).status).toBe(201);
        const answer = await post(character.repeat(count) + character);
        expectProblem(answer, 422, 'validation_failed');
        expect(pointers(answer)).toEqual(['/body']);
      },
    );

    test.each(['', ' ', '\n\t '])('a message of %j alone is 422', async (body) => {
      expectProblem(await post(body), 422, 'validation_failed');
    });

    test('the same limit of a message holds on a WebSocket', async () => {
      const open = await wire();
      open.send({ op: 'post', ref: uuid(), thread_id: thread, body: 'x'.repeat(16 * KIB) });
      await open.next(({ type }) => type === 'ack');
      const ref = uuid();
      open.send({ op: 'post', ref, thread_id: thread, body: 'x'.repeat(16 * KIB + 1) });
      expect(await open.next(({ type }) => type === 'error')).toMatchObject({ ref, code: 'validation_failed' });
      open.socket.terminate();
    });

    test('a head of over 16 KiB is 431', async () => {
      const headers = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`Extra-${i}`, 'x'.repeat(KIB)]));
      expectProblem(await countedAs('head_size', () => send({ headers }, true)), 431, 'too_large');
    });
  });

  test('none of all that ended a program', async () => {
    expect(await pidsNow()).toEqual(pids);
  });
});
