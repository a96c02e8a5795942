// Tokens that must not get anybody in, each with one thing wrong.
//
// Those "signed rightly" use the suite's own signing key, so that nothing but the named flaw can be
// the reason of their refusal. Next: bad-input.test.ts

import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { state, url } from './suite.ts';

type Json = Record<string, unknown>;

const encode = (value: Json | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const decode = (part: string): Json =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Json;

function es256(header: Json | string, claims: Json | string, key: KeyObject): string {
  const text = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

function hs256(header: Json, claims: string, secret: string | Buffer): string {
  const text = `${encode(header)}.${claims}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** Another last character that stands for the same 64 bytes: four of its bits mean nothing. */
function respelled(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1) ?? '') + 1];
}

export interface Forged {
  /** Made like the bad ones of our own key, with nothing wrong: it must be let in. */
  control: string;
  bad: Record<string, string>;
}

/** `good`: an access token in force. */
export async function forge(good: string, refresh: string): Promise<Forged> {
  const [head = '', body = '', signature = ''] = good.split('.');
  const header = decode(head);
  const claims = decode(body);
  const folder = `${state}/trust/signing`;
  const own = createPrivateKey(readFileSync(`${folder}/${readdirSync(folder).sort().at(-1)}`));
  const jwksText = await (await fetch(`${url}/.well-known/jwks.json`)).text();
  const jwk = (JSON.parse(jwksText) as { keys: Json[] }).keys.find(({ kid }) => kid === header['kid']);
  const publicKey = createPublicKey({ key: jwk ?? {}, format: 'jwk' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const strange = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const strangeJwk = strange.publicKey.export({ format: 'jwk' });
  const now = Math.floor(Date.now() / 1000);
  const admin = encode({ ...claims, role: 'admin' });
  const hs = { ...header, alg: 'HS256' };
  const withClaims = (changes: Json) => es256(header, { ...claims, ...changes }, own);
  const withHeader = (changes: Json) => es256({ ...header, ...changes }, claims, own);
  const twice = (member: string, first: unknown) =>
    es256(header, JSON.stringify(claims).replace('{', `{${JSON.stringify(member)}:${JSON.stringify(first)},`), own);
  return {
    control: es256(header, claims, own),
    bad: {
      'that is a word': 'x',
      'of three words': 'a.b.c',
      'of two parts': `${head}.${body}`,
      'of four parts': `${good}.${signature}`,
      'without a signature': `${head}.${body}.`,
      'of alg none without a signature': `${encode({ alg: 'none', typ: 'JWT' })}.${body}.`,
      'of alg none with the old signature': `${encode({ ...header, alg: 'none' })}.${body}.${signature}`,
      'of alg NONE with the role admin': `${encode({ ...header, alg: 'NONE' })}.${admin}.`,
      'of HS256 keyed with the public key as PEM': hs256(hs, admin, pem),
      'of HS256 keyed with the public key as DER': hs256(hs, admin, der),
      'of HS256 keyed with the text of jwks.json': hs256(hs, admin, jwksText),
      'of HS256 keyed with nothing': hs256(hs, admin, ''),
      'of ES384 by name, signed rightly': withHeader({ alg: 'ES384' }),
      'of es256 in small letters, signed rightly': withHeader({ alg: 'es256' }),
      'of an unknown kid and another key': es256({ ...header, kid: 'unknown' }, claims, strange.privateKey),
      'of an unknown kid, signed rightly': withHeader({ kid: 'unknown' }),
      'of a kid that is a path, signed rightly': withHeader({ kid: `../../${header['kid']}` }),
      'without a kid, signed rightly': es256({ alg: 'ES256', typ: 'JWT' }, claims, own),
      'of our kid and another key': es256(header, claims, strange.privateKey),
      'that brings its own key': es256({ ...header, jwk: strangeJwk }, claims, strange.privateKey),
      'with jku, signed rightly': withHeader({ jku: 'https://evil.example/jwks.json' }),
      'with crit, signed rightly': withHeader({ crit: ['exp'] }),
      'of typ at+jwt, signed rightly': withHeader({ typ: 'at+jwt' }),
      'with two alg in its header': es256(JSON.stringify(header).replace('{', '{"alg":"none",'), claims, own),
      'with junk inside the signature': `${head}.${body}.${signature.slice(0, 40)}!${signature.slice(40)}`,
      'with junk after the signature': `${good}AAAA`,
      'with padding after the signature': `${good}==`,
      'with its signature spelled another way': `${head}.${body}.${respelled(signature)}`,
      'with a signature of zeros': `${head}.${body}.${'A'.repeat(86)}`,
      'with a claim changed': `${head}.${admin}.${signature}`,
      'with the tenant twice': twice('tid', 'globex'),
      'with the role twice': twice('role', 'admin'),
      'that has run out': withClaims({ exp: now - 120 }),
      'that is not yet good': withClaims({ nbf: now + 600 }),
      'issued in the future': withClaims({ iat: now + 600 }),
      'that runs out never': withClaims({ exp: undefined }),
      'that runs out at a text': withClaims({ exp: '4000000000' }),
      'of another issuer': withClaims({ iss: 'somebody' }),
      'for another audience': withClaims({ aud: 'somebody' }),
      'for several audiences': withClaims({ aud: ['wardroom'] }),
      'for refreshing by its use': withClaims({ use: 'refresh' }),
      'of an unknown role': withClaims({ role: 'root' }),
      'of no tenant': withClaims({ tid: '' }),
      'of a tenant that is SQL': withClaims({ tid: 'a"; DROP SCHEMA t_acme' }),
      'of over 4 KiB': withClaims({ padding: 'x'.repeat(4096) }),
      'that is a refresh token': refresh,
    },
  };
}
