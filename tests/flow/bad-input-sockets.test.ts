// HTTP and WebSocket as no client library would speak them: each deviation gets its documented answer
// or close code and its counter, and nobody dies. Next: bad-input-wire.ts

import { connect as connectTls } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ask, countedAs, expectProblem, pidsNow, requestBytes, send, upgradeHeaders, Wire, type Request,
} from './bad-input-wire.ts';
import { client, connect, freshClient, login, operator, suiteIsThere, unique, until, url } from './suite.ts';

const uuid = () => crypto.randomUUID();
const KIB = 1024;
const threadsPath = '/api/chat/threads/';

let token = '';
let thread = '';
let pids: Record<string, number> = {};
const wire = () => new Wire(token).open();

describe.skipIf(!suiteIsThere())('bad input', () => {
  beforeAll(async () => {
    pids = await pidsNow();
    const analyst = await client(login(0, 'analyst'));
    token = await analyst.tokens.access();
    thread = (await analyst.createThread({ title: unique('bad input') })).id;
  });

  describe('in HTTP', () => {
    const body = '{"username":"x","password":"y"}';
    const path = '/api/chat/token/';
    const behind = requestBytes({ path: '/livez' }).toString();
    const framed = (headers: Record<string, string | null>, method = 'POST'): Request =>
      ({ method, path, headers, body: body + behind });

    const bytesOf = (request: Request | string) =>
      typeof request === 'string' ? Buffer.from(request, 'latin1') : requestBytes(request);
    /** A refusal by the Origin keeps the connection, the others end it. */
    const ends = (status: number) => status !== 403;

    /** What is wrong, the request, and: status, code, counter. Nothing behind any of them is served. */
    const framing: [string, Request | string, number, string, string][] = [
      ['Transfer-Encoding: chunked', { method: 'POST', path, headers: { 'Transfer-Encoding': 'chunked' } }, 501, 'not_implemented', 'transfer_encoding'],
      ['Transfer-Encoding: identity', { headers: { 'Transfer-Encoding': 'identity' } }, 501, 'not_implemented', 'transfer_encoding'],
      ['Transfer-Encoding beside Content-Length', framed({ 'Transfer-Encoding': 'chunked' }), 501, 'not_implemented', 'transfer_encoding'],
      ['Transfer-Encoding in odd letters', framed({ 'tRANSFER-eNCODING': 'xchunked' }), 501, 'not_implemented', 'transfer_encoding'],
      ['Transfer-Encoding, empty', framed({ 'Transfer-Encoding': '' }), 501, 'not_implemented', 'transfer_encoding'],
      ['Transfer-Encoding twice', framed({ 'Transfer-Encoding': 'identity\r\nTransfer-Encoding: chunked' }), 501, 'not_implemented', 'transfer_encoding'],
      ['Transfer-Encoding before two lengths', framed({ 'Transfer-Encoding': 'chunked\r\nContent-Length: 0' }), 501, 'not_implemented', 'transfer_encoding'],
      ['Transfer-Encoding of a GET', { headers: { 'Transfer-Encoding': 'cHuNkEd' } }, 501, 'not_implemented', 'transfer_encoding'],
      ['Transfer-Encoding behind a header A', { headers: { A: 'b', 'Transfer-Encoding': 'chunked' } }, 501, 'not_implemented', 'transfer_encoding'],
      ['a Content-Length behind a header A', { headers: { A: `b\r\nContent-Length: ${behind.length}` } }, 400, 'bad_request', 'content_length'],
      ['a Content-Length behind a header Content', framed({ Content: 'b\r\nContent-Length: 0' }), 400, 'bad_request', 'content_length'],
      ['another Origin behind a header A', { headers: { A: 'b', Origin: 'https://evil.example' } }, 403, 'forbidden', 'origin'],
      ['two equal lengths', framed({ 'Content-Length': `${body.length}\r\nContent-Length: ${body.length}` }), 400, 'bad_request', 'content_length'],
      ['two other lengths', framed({ 'Content-Length': `${body.length}\r\nContent-Length: 0` }), 400, 'bad_request', 'content_length'],
      ['two lengths in a list', framed({ 'Content-Length': '5, 5' }), 400, 'bad_request', 'content_length'],
      ['a length of -1', framed({ 'Content-Length': '-1' }), 400, 'bad_request', 'content_length'],
      ['a length of +5', framed({ 'Content-Length': '+5' }), 400, 'bad_request', 'content_length'],
      ['a length of abc', framed({ 'Content-Length': 'abc' }), 400, 'bad_request', 'content_length'],
      ['a length of 0x10', framed({ 'Content-Length': '0x10' }), 400, 'bad_request', 'content_length'],
      ['a length of 11 digits', framed({ 'Content-Length': '99999999999' }), 400, 'bad_request', 'content_length'],
      ['no length', { method: 'POST', path }, 411, 'length_required', 'content_length'],
      ['no length of a PUT', { method: 'PUT', path }, 411, 'length_required', 'content_length'],
      ['a GET with a body', framed({}, 'GET'), 400, 'bad_request', 'content_length'],
      ['no Host', { headers: { Host: null } }, 400, 'bad_request', 'header'],
      ['two Hosts', { headers: { host: 'evil.example' } }, 400, 'bad_request', 'header'],
      ['two Authorizations', { token: 'a', headers: { authorization: 'Bearer b' } }, 400, 'bad_request', 'header'],
      ['two Origins', { headers: { Origin: url, origin: 'https://evil.example' } }, 400, 'bad_request', 'header'],
      ['Upgrade: h2c', { headers: { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' } }, 400, 'bad_request', 'upgrade'],
    ];
    test.each(framing)('%s is refused, and nothing behind it is served', async (_, request, status, code, counter) => {
      expectProblem(await countedAs(counter, () => ask(bytesOf(request), ends(status))), status, code);
    });

    const get = (lines: string, first = 'GET /livez HTTP/1.1\r\n') =>
      `${first}Host: localhost\r\n${lines}\r\n${behind}`;
    const length = `Content-Length: ${behind.length}`;
    const long = (bytes: number) => 'a'.repeat(bytes);

    const heads: [string, Request | string, number, string, string][] = [
      ['a line without a colon', get(`junk\r\n${length}\r\n`), 400, 'bad_request', 'head'],
      ['a folded line', get(`X: a\r\n ${length}\r\n`), 400, 'bad_request', 'head'],
      ['a folded first header', `GET /livez HTTP/1.1\r\n Host: localhost\r\n\r\n${behind}`, 400, 'bad_request', 'head'],
      ['a space before a colon', get(`Content-Length : ${behind.length}\r\n`), 400, 'bad_request', 'head'],
      ['a tab before a colon', get('Transfer-Encoding\t: chunked\r\n'), 400, 'bad_request', 'head'],
      ['a space in a name', get(`Content Length: ${behind.length}\r\n`), 400, 'bad_request', 'head'],
      ['a name that is empty', get(': x\r\n'), 400, 'bad_request', 'head'],
      ['a line that ends in LF', get(`X: a\n${length}\r\n`), 400, 'bad_request', 'head'],
      ['a line that ends in CR', get(`X: a\r${length}\r\n`), 400, 'bad_request', 'head'],
      ['a head that ends in LF', `GET /livez HTTP/1.1\nHost: localhost\n\n${behind}`, 400, 'bad_request', 'head'],
      ['a NUL', get(`X: a\0${length}\r\n`), 400, 'bad_request', 'head'],
      ['an empty line first', `\r\n${get('')}`, 400, 'bad_request', 'head'],
      ['two spaces in the request line', get('', 'GET  /livez HTTP/1.1\r\n'), 400, 'bad_request', 'head'],
      ['a third word in the request line', get('', 'GET /livez x HTTP/1.1\r\n'), 400, 'bad_request', 'head'],
      ['no version', get('', 'GET /livez\r\n'), 400, 'bad_request', 'head'],
      ['HTTP/11', get('', 'GET /livez HTTP/11\r\n'), 400, 'bad_request', 'head'],
      ['a whole URL for a path', get('', 'GET http://localhost/livez HTTP/1.1\r\n'), 400, 'bad_request', 'head'],
      ['OPTIONS *', get('', 'OPTIONS * HTTP/1.1\r\n'), 400, 'bad_request', 'head'],
      ['TLS inside TLS', '\x16\x03\x01\x02\x00\x01\x00\x01', 400, 'bad_request', 'head'],
      ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505, 'not_implemented', 'head'],
      ['CONNECT', get('', 'CONNECT localhost:22 HTTP/1.1\r\n'), 501, 'not_implemented', 'connect'],
      ['CONNECT with a path', get('', 'CONNECT / HTTP/1.1\r\n'), 501, 'not_implemented', 'connect'],
      ['a method nobody knows', get('', 'BREW /livez HTTP/1.1\r\n'), 501, 'not_implemented', 'method'],
      ['a method in small letters', get('', 'get /livez HTTP/1.1\r\n'), 501, 'not_implemented', 'method'],
      ['Upgrade: foo', { headers: { Connection: 'Upgrade', Upgrade: 'foo' } }, 400, 'bad_request', 'upgrade'],
      ['a NUL inside a path', get('', 'GET /livez%00/x HTTP/1.1\r\n'), 400, 'bad_request', 'path'],
      ['a NUL at the end of a path', get('', 'GET /livez%00 HTTP/1.1\r\n'), 400, 'bad_request', 'path'],
      ['a line end inside a path', get('', `GET /livez%0a${length.replace(' ', '')} HTTP/1.1\r\n`), 400, 'bad_request', 'path'],
      ['half an escape', get('', 'GET /livez%a HTTP/1.1\r\n'), 400, 'bad_request', 'path'],
      ['two Content-Types', framed({ 'content-type': 'application/json' }), 400, 'bad_request', 'header'],
      ['a Host with a comma', { headers: { Host: 'localhost,evil.example' } }, 400, 'bad_request', 'header'],
      ['33 parameters', { path: `/livez?${'a&'.repeat(32)}` }, 400, 'bad_request', 'header'],
      ['101 headers', get('A: b\r\n'.repeat(100)), 431, 'too_large', 'head_size'],
      ['a header of 64 KiB', get(`A: ${long(64 * KIB)}\r\n`), 431, 'too_large', 'head_size'],
      ['a path of 9 KiB', { path: `/${long(9 * KIB)}` }, 414, 'too_large', 'head_size'],
    ];
    test.each(heads)('%s is refused, and nothing behind it is served', async (_, request, status, code, counter) => {
      const answer = await countedAs(counter, () => ask(bytesOf(request), true));
      expectProblem(answer, status, code);
      expect(answer).toMatchObject({ ended: true, headers: { connection: 'close' } });
    });

    test('a head that comes in pieces is refused all the same', async () => {
      const bytes = bytesOf(get(`junk\r\n${length}\r\n`));
      const pieces = Array.from({ length: bytes.length }, (_, i) => bytes.subarray(i, i + 1));
      expectProblem(await countedAs('head', () => ask(pieces, true)), 400, 'bad_request');
    });

    test('100 headers and 16 KiB are read', async () => {
      expect((await ask(`GET /livez HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(99)}\r\n`)).status).toBe(200);
      const head = 'GET /livez HTTP/1.1\r\nHost: a\r\nA: \r\n\r\n';
      const filled = head.replace('A: ', `A: ${long(16 * KIB - head.length)}`);
      expect((await ask(filled)).status).toBe(200);
    });

    const plain: [string, Request, number, string, string | undefined][] = [
      ['a method the path does not have', { method: 'DELETE', path: threadsPath }, 405, 'method_not_allowed', 'method'],
      ['a path that is none', { path: '/api/chat/nothing/' }, 404, 'not_found', undefined],
      ['another media type', { method: 'POST', path, body, headers: { 'Content-Type': 'text/plain' } }, 415, 'unsupported_media_type', 'media_type'],
      ['no media type', { method: 'POST', path, body, headers: { 'Content-Type': null } }, 415, 'unsupported_media_type', 'media_type'],
      ['another Origin', { path: '/livez', headers: { Origin: 'https://evil.example' } }, 403, 'forbidden', 'origin'],
      ['the Origin null', { path: '/livez', headers: { Origin: 'null' } }, 403, 'forbidden', 'origin'],
    ];
    test.each(plain)('%s has its answer', async (_, request, status, code, counter) => {
      const answer = await countedAs(counter, () => send(request));
      expectProblem(answer, status, code);
      if (status === 405) expect(answer.headers['allow']).toBe('GET, HEAD, POST');
    });

    test('a form is not a file: 415', async () => {
      const request = {
        method: 'POST', path: `/api/chat/files/?name=x&thread_id=${thread}`, token, body: '--x--',
        headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
      };
      expectProblem(await countedAs('media_type', () => send(request)), 415, 'unsupported_media_type');
    });

    test.each(['/../../../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/assets/..%2f..%2f..%2fetc%2fpasswd', '//etc/passwd'])(
      '%s stays inside the frontend',
      async (climb) => expect((await send({ path: climb })).body).not.toContain('root:'),
    );

    test('a body that does not come is 408 within the deadline', async () => {
      const request = { method: 'POST', path, body, headers: { 'Content-Length': '1000' } };
      expectProblem(await countedAs('slow_body', () => send(request, true)), 408, 'bad_request');
    });

    test.each(['TLSv1.1', 'TLSv1.2'] as const)('%s is refused', async (version) => {
      const { hostname: host, port } = new URL(url);
      const failed = await new Promise<Error>((resolve, reject) => {
        const socket = connectTls(
          { host, port: Number(port), minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' },
          () => reject(new Error(`${socket.getProtocol()} was taken`)),
        );
        socket.on('error', resolve);
      });
      expect(failed.message).toMatch(/protocol version|unsupported protocol/);
    });
  });

  describe('to a WebSocket', () => {
    const upgrades: [string, Record<string, string | null>, number, string, string][] = [
      ['another Origin', { Origin: 'https://evil.example' }, 403, 'forbidden', 'origin'],
      ['an Origin that only begins like ours', { Origin: `${url}.evil.example` }, 403, 'forbidden', 'origin'],
      ['the Origin null', { Origin: 'null' }, 403, 'forbidden', 'origin'],
      ['our Origin without TLS', { Origin: url.replace('https', 'http') }, 403, 'forbidden', 'origin'],
      ['version 8', { 'Sec-WebSocket-Version': '8' }, 426, 'bad_request', 'upgrade'],
      ['no version', { 'Sec-WebSocket-Version': null }, 426, 'bad_request', 'upgrade'],
      ['a key of 3 bytes', { 'Sec-WebSocket-Key': 'YWJj' }, 400, 'bad_request', 'upgrade'],
      ['no key', { 'Sec-WebSocket-Key': null }, 400, 'bad_request', 'upgrade'],
      ['no Connection: Upgrade', { Connection: 'keep-alive' }, 400, 'bad_request', 'upgrade'],
      ['another sub-protocol', { 'Sec-WebSocket-Protocol': 'graphql-ws' }, 400, 'bad_request', 'upgrade'],
    ];
    test.each(upgrades)('%s is refused before the upgrade', async (_, changes, status, code, counter) => {
      const request = { path: '/ws/chat/', token, headers: { ...upgradeHeaders, ...changes } };
      const answer = await countedAs(counter, () => send(request, true));
      expectProblem(answer, status, code);
      if (status === 426) expect(answer.headers['sec-websocket-version']).toBe('13');
    });

    test('a path that is none is 404', async () => {
      const request = { path: '/ws/chat/x/', token, headers: upgradeHeaders };
      expectProblem(await countedAs('path', () => send(request)), 404, 'not_found');
    });

    const ping = '{"op":"ping"}';
    const text = { binary: false };
    const closing: [string, number, string | undefined, (open: Wire) => void][] = [
      ['a binary frame', 1003, 'frame_binary', ({ socket }) => socket.send(Buffer.from(ping), { binary: true })],
      ['bytes that are not UTF-8', 1007, undefined, ({ socket }) => socket.send(Buffer.from('{"op":"\xff"}', 'latin1'), text)],
      ['half a character at the end', 1007, undefined, ({ socket }) => socket.send(Buffer.from(`${ping}\xe2\x82`, 'latin1'), text)],
      ['a frame of 64 KiB and a byte', 1009, 'frame_size', ({ socket }) => socket.send(ping.padEnd(64 * KIB + 1))],
      ['two fragments of together more', 1009, 'frame_size', ({ socket }) => {
        socket.send(ping.padEnd(40 * KIB), { fin: false });
        socket.send(' '.repeat(40 * KIB));
      }],
      ['65 fragments of one message', 1009, 'frame_fragments', ({ socket }) => {
        for (let i = 0; i < 65; i++) socket.send(' ', { fin: false });
      }],
      ['what is not JSON', 4400, 'frame_not_json', (open) => open.send('hello')],
      ['an empty message', 4400, 'frame_not_json', (open) => open.send('')],
      ['a key twice', 4400, 'frame_not_json', (open) => open.send('{"op":"ping","op":"ping"}')],
      ['an escaped NUL', 4400, 'frame_not_json', (open) => open.send('{"op":"ping","ref":"\\u0000"}')],
      ['a lone surrogate', 4400, 'frame_not_json', (open) => open.send('{"op":"ping","ref":"\\udead"}')],
      ['a number over 64 bits', 4400, 'frame_not_json', (open) => open.send('{"op":"read","seq":9223372036854775808}')],
      ['33 levels', 4400, 'frame_not_json', (open) => open.send(`{"op":${'['.repeat(32)}${']'.repeat(32)}}`)],
      ['more than 50 frames a second', 4429, 'frame_rate', (open) => {
        for (let i = 0; i < 300; i++) open.send(ping);
      }],
    ];
    test.each(closing)('%s closes it with %i', async (_, code, counter, act) => {
      const open = await wire();
      expect(await countedAs(counter, () => (act(open), open.closed))).toBe(code);
    });

    test('a frame that announces 2^62 bytes closes it with 1009', async () => {
      const open = new Wire(token);
      const raw = new Promise<NodeJS.WritableStream>((resolve) => open.socket.on('upgrade', ({ socket }) => resolve(socket)));
      await open.open();
      const announced = Buffer.from('81ff400000000000000000000000', 'hex');
      const send = async () => ((await raw).write(Buffer.concat([announced, Buffer.from('[[')])), open.closed);
      expect(await countedAs('frame_size', send)).toBe(1009);
    });

    test('64 KiB in one frame, or in 64 fragments, is read', async () => {
      const open = await wire();
      open.send(ping.padEnd(64 * KIB));
      await open.next(({ type }) => type === 'pong');
      open.socket.send(ping.padEnd(KIB), { fin: false });
      for (let i = 1; i < 64; i++) open.socket.send(' '.repeat(KIB), { fin: i === 63 });
      await open.next(({ type }) => type === 'pong');
      open.socket.terminate();
    });

    const errors: [string, object | string, string][] = [
      ['an op nobody knows', { op: 'shout' }, '/op'],
      ['no op', {}, '/op'],
      ['an array', '[]', 'must be an object'],
      ['a member of another op', { op: 'ping', body: 'x' }, '/body'],
      ['a member nobody knows', { op: 'ping', colour: 'red' }, '/colour'],
      ['set_fields', { op: 'ping', set_fields: ['op'] }, '/set_fields'],
      ['an inner name', { op: 'ping', data_json: 'x' }, '/data_json'],
      ['a member that is missing', { op: 'subscribe' }, '/thread_id'],
      ['a word for an id', { op: 'subscribe', thread_id: 'x' }, '/thread_id'],
      ['a negative place', { op: 'subscribe', thread_id: uuid(), after_seq: -1 }, '/after_seq'],
      ['a word for a ref', { op: 'post', ref: 'x', thread_id: uuid(), body: 'x' }, '/ref'],
      ['a status nobody has', { op: 'presence', status: 'asleep' }, '/status'],
      ['21 attachments', { op: 'post', ref: uuid(), thread_id: uuid(), body: 'x', attachments: Array.from({ length: 21 }, uuid) }, '/attachments'],
      ['1,000 keys', Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, i])), '/k'],
    ];
    test.each(errors)('%s is an error, and the socket lives', async (_, command, detail) => {
      const open = await wire();
      open.send(command);
      const error = await open.next(({ type }) => type === 'error');
      expect(error).toMatchObject({ code: 'validation_failed', detail: expect.stringContaining(detail) });
      open.send(ping);
      await open.next(({ type }) => type === 'pong');
      open.socket.terminate();
    });

    test('the 201st subscription of a socket is an error, and the other 200 live', async () => {
      const analyst = await client(login(0, 'analyst'));
      const ids = await Promise.all(
        Array.from({ length: 201 }, async (_, i) => (await analyst.createThread({ title: unique(`many ${i}`) })).id),
      );
      const { live, messages } = connect(analyst); // keeps under the rate of frames by itself
      const errors: object[] = [];
      live.on('error', (error) => errors.push(error));
      await countedAs('subscriptions', async () => {
        for (const id of ids) live.subscribe(id, 0);
        await until(() => expect(errors).toHaveLength(1), 20_000);
      });
      expect(errors).toMatchObject([{ code: 'rate_limited' }]);
      await analyst.postMessage(ids[0] ?? '', { client_id: uuid(), body: 'still live' });
      await until(() => expect(messages.map(({ body }) => body)).toContain('still live'));
    });

    test('a token of an operator is 403: operators see no content', async () => {
      const http = await freshClient(operator());
      const request = { path: '/ws/chat/', token: await http.tokens.access(), headers: upgradeHeaders };
      expectProblem(await countedAs('role', () => send(request)), 403, 'forbidden');
    });
  });

  test('none of all that ended a program', async () => {
    expect(await pidsNow()).toEqual(pids);
  });
});
