// The judge finds each fault in a journal that has just that one, and none in one that is right; its
// hashes are those of the vectors of docs/evidence.md.

import { readFileSync } from 'node:fs';
import type { Message } from '@wardroom/client/types';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../flow/suite.ts';
import { judge, leafHash, rootOf, type Evidence, type Stored, type Verdict } from './checker.ts';
import { Journal, saw } from './journal.ts';

const THREAD = '0190b8a2-7c3d-7e4f-8a1b-c2d3e4f50617';
const AUTHOR = '0190b8a2-0000-7000-8000-000000000001';

function vectors<Shape>(name: string): Shape {
  return JSON.parse(readFileSync(`${projectRoot}tests/vectors/${name}.json`, 'utf8')) as Shape;
}

/** A thread of one system message and three posts in which nothing is wrong. */
function world(): { journal: Journal; evidence: Evidence } {
  const journal = new Journal('acme', THREAD, 'canary');
  const sents = ['a', 'b', 'c'].map((who) => journal.next(who));
  const stored: Stored[] = [null, ...sents].map((sent, i) => ({
    seq: i + 1,
    leaf_kind: sent ? 1 : 2,
    time_us: String(1_000_000 + i),
    author_id: AUTHOR,
    client_id: sent?.ref ?? crypto.randomUUID(),
    commitment: String(i).repeat(64),
  }));
  const leaves = stored.map((record) => leafHash('acme', THREAD, record));
  const history = stored.map((record, i) => ({
    tenant_id: 'acme', thread_id: THREAD, seq: record.seq, kind: i === 0 ? 'system' : 'text',
    author: { id: AUTHOR, name: 'A', role: 'analyst' }, created_at: '2026-11-27T00:00:00.000000Z',
    client_id: record.client_id, body: sents[i - 1]?.body ?? '', hash: leaves[i]?.toString('hex') ?? '',
  })) as Message[];
  for (const message of history.slice(1)) journal.acked(message.client_id ?? '', message);
  const sighting = journal.watch('reader');
  for (const message of history) saw(sighting, message);
  const verify = { ok: true, size: 4, root_hash: rootOf(leaves).toString('hex') };
  return { journal, evidence: { stored, history, verify } };
}

function clone<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

type Fault = keyof Omit<Verdict, 'words'>;

describe('the checker', () => {
  test('finds nothing where nothing is wrong', () => {
    const { journal, evidence } = world();
    expect(judge(journal, evidence).words).toEqual([]);
  });

  const faults: [string, Fault, (journal: Journal, evidence: Evidence) => void][] = [
    ['an acked post that is not there', 'lost', (_, { stored, history }) => [stored.pop(), history.pop()]],
    ['other bytes than were sent', 'lost', (_, { history }) => Object.assign(history[1] ?? {}, { body: 'other' })],
    ['a post that was never acked and is not there', 'lost', (journal) => journal.next('d')],
    ['a reader who did not see the end', 'lost', (journal) => journal.sightings[0]?.messages.pop()],
    ['two acks with different seqs', 'doubled', (journal) => {
      const [ref = ''] = journal.acks.keys();
      journal.acked(ref, { seq: 3, hash: '', created_at: '' });
    }],
    ['a client id that is stored twice', 'doubled', (_, { stored }) =>
      Object.assign(stored[2] ?? {}, { client_id: stored[1]?.client_id })],
    ['a reader who was handed a message again', 'doubled', (journal, { history }) =>
      saw(journal.sightings[0] ?? journal.watch('nobody'), history[3] as Message)],
    ['a hole in the seqs', 'reordered', (_, { stored, history }) => [stored.splice(2, 1), history.splice(2, 1)]],
    ['a time that runs backwards', 'reordered', (_, { stored }) => Object.assign(stored[3] ?? {}, { time_us: '1' })],
    ['a reader who saw another order', 'reordered', (journal) => journal.sightings[0]?.messages.reverse()],
    ['a reader who was handed a gap', 'reordered', (journal, { history }) =>
      saw(journal.watch('late reader'), history[3] as Message)],
    ['an ack with another hash', 'unproven', (journal) => {
      const [acks] = journal.acks.values();
      Object.assign(acks?.[0] ?? {}, { hash: 'ff' });
    }],
    ['a record that was changed', 'unproven', (_, { stored }) => Object.assign(stored[1] ?? {}, { commitment: 'f'.repeat(64) })],
    ['a root that is another', 'unproven', (_, { verify }) => Object.assign(verify, { root_hash: 'ff' })],
    ['a verify that says no', 'unproven', (_, { verify }) => Object.assign(verify, { ok: false })],
    ['a message that nobody sent', 'unproven', (journal) => journal.sent.delete([...journal.sent.keys()][0] ?? '')],
    ['a word of another tenant', 'leaked', (journal) => (journal.leaked = 1)],
    ['a request without an answer', 'hung', (journal) => (journal.hung = 1)],
    ['an answer that may not be', 'hung', (journal) => journal.surprises.push('refused with internal')],
  ];
  test.each(faults)('finds %s', (_, fault, spoil) => {
    const { journal, evidence } = world();
    const spoilt = clone(evidence);
    spoil(journal, spoilt);
    expect(judge(journal, spoilt)[fault]).toBeGreaterThan(0);
  });

  test('makes the leaf hashes of the vectors', () => {
    interface Leaf extends Omit<Stored, 'leaf_kind'> { kind: number; tenant_id: string; stream_id: string; leaf_hash: string }
    const leaves = vectors<{ vectors: Leaf[] }>('leaf').vectors;
    expect(leaves.length).toBeGreaterThan(5);
    for (const leaf of leaves) {
      const hash = leafHash(leaf.tenant_id, leaf.stream_id, { ...leaf, leaf_kind: leaf.kind });
      expect(hash.toString('hex')).toBe(leaf.leaf_hash);
    }
  });

  test('makes the roots of the vectors', () => {
    const { leaf_hashes, roots } = vectors<{ leaf_hashes: string[]; roots: string[] }>('tree');
    const leaves = leaf_hashes.map((hash) => Buffer.from(hash, 'hex'));
    for (let size = 0; size <= leaves.length; size++) {
      expect(rootOf(leaves.slice(0, size)).toString('hex')).toBe(roots[size]);
    }
  });
});
