// The judge: from the journal and from what is there afterwards, over HTTP and in the database, what
// was lost, doubled, reordered, leaked or is unproven. Shares no code with the server: leaf hashes
// and the tree are made as docs/evidence.md says. Next: table.ts

import { createHash } from 'node:crypto';
import type { Message, VerifyReport } from '@wardroom/client/types';
import type { Journal } from './journal.ts';

/** A record as it stands in the database. */
export interface Stored {
  seq: number;
  leaf_kind: number;
  time_us: string;
  author_id: string;
  client_id: string;
  commitment: string;
}

export interface Evidence {
  stored: Stored[];
  history: Message[];
  verify: VerifyReport;
}

export interface Verdict {
  lost: number;
  doubled: number;
  reordered: number;
  leaked: number;
  unproven: number;
  hung: number;
  /** One sentence for each fault, the first few. */
  words: string[];
}

const WORDS_MAX = 12;

export function judge(journal: Journal, evidence: Evidence): Verdict {
  const verdict: Verdict = { lost: 0, doubled: 0, reordered: 0, leaked: 0, unproven: 0, hung: 0, words: [] };
  const count = (what: keyof Omit<Verdict, 'words'>, words: string, by = 1) => {
    verdict[what] += by;
    if (verdict.words.length < WORDS_MAX) verdict.words.push(`${what}: ${words}`);
  };
  judgeRecords(evidence, count);
  judgeAcks(journal, evidence, count);
  judgeSightings(journal, evidence, count);
  judgeTree(journal, evidence, count);
  if (journal.hung > 0) count('hung', `${journal.hung} requests without any answer`, journal.hung);
  if (journal.leaked > 0) count('leaked', `${journal.leaked} sightings of what was not theirs`, journal.leaked);
  for (const words of journal.surprises) count('hung', words);
  return verdict;
}

type Count = (what: keyof Omit<Verdict, 'words'>, words: string, by?: number) => void;

/** seq is dense, times never decrease, nothing is there twice, history and database agree. */
function judgeRecords({ stored, history }: Evidence, count: Count): void {
  const clients = new Set<string>();
  let last = 0n;
  stored.forEach((record, i) => {
    if (record.seq !== i + 1) count('reordered', `record ${i + 1} has seq ${record.seq}`);
    if (BigInt(record.time_us) < last) count('reordered', `the time of seq ${record.seq} is before that of the one before`);
    last = BigInt(record.time_us);
    const key = `${record.author_id} ${record.client_id}`;
    if (clients.has(key)) count('doubled', `seq ${record.seq} repeats ${key}`);
    clients.add(key);
  });
  if (history.length !== stored.length) {
    count('lost', `history has ${history.length} messages, the database ${stored.length}`);
  }
  history.forEach((message, i) => {
    if (message.seq !== i + 1) count('reordered', `history has seq ${message.seq} in place ${i + 1}`);
  });
}

/** Every ack stands for one message with its bytes; every repeat was told the same. */
function judgeAcks(journal: Journal, { history }: Evidence, count: Count): void {
  const byRef = new Map(history.map((message) => [message.client_id ?? '', message]));
  for (const [ref, acks] of journal.acks) {
    const [first] = acks;
    const message = byRef.get(ref);
    const sent = journal.sent.get(ref);
    if (!first || !sent) count('unproven', `an ack for what was never sent: ${ref}`);
    else if (!message) count('lost', `acked as seq ${first.seq} and not there: ${ref}`);
    else if (message.body !== sent.body) count('lost', `seq ${message.seq} has other bytes than were sent`);
    for (const ack of acks) {
      if (ack.seq !== first?.seq) count('doubled', `${ref} was acked as seq ${first?.seq} and ${ack.seq}`);
      else if (message && (ack.seq !== message.seq || ack.hash !== message.hash)) {
        count('unproven', `acked as seq ${ack.seq} ${ack.hash}, stored as ${message.seq} ${message.hash}`);
      }
    }
  }
  for (const ref of journal.sent.keys()) {
    if (!journal.acks.has(ref)) {
      if (!byRef.has(ref)) count('lost', `sent again and again, never acked and not there: ${ref}`);
    }
  }
  for (const { kind, client_id, seq } of history) {
    if (kind === 'text' && !journal.sent.has(client_id ?? '')) count('unproven', `nobody sent seq ${seq}`);
  }
}

/** Everybody who followed was handed what is stored: all of it, once, in one order. */
function judgeSightings(journal: Journal, { history }: Evidence, count: Count): void {
  for (const { who, messages, doubled, gaps } of journal.sightings) {
    if (doubled > 0) count('doubled', `${who} was handed ${doubled} messages again`, doubled);
    if (gaps > 0) count('reordered', `${who} was handed messages with ${gaps} gaps`, gaps);
    if (messages.length < history.length) {
      count('lost', `${who} saw ${messages.length} of ${history.length}`, history.length - messages.length);
    }
    messages.forEach((message, i) => {
      const stored = history[i];
      if (stored && JSON.stringify(ordered(message)) !== JSON.stringify(ordered(stored))) {
        count('reordered', `${who} saw another message in place ${i + 1} than is stored`);
      }
    });
  }
}

function ordered(message: Message): unknown[] {
  const { seq, hash, body, kind, author, created_at, client_id, thread_id, tenant_id } = message;
  return [seq, hash, body, kind, author.id, author.name, author.role, created_at, client_id, thread_id, tenant_id];
}

/** The leaf hashes follow from the records, and the root that verify promises from them. */
function judgeTree(journal: Journal, { stored, history, verify }: Evidence, count: Count): void {
  const leaves = stored.map((record) => leafHash(journal.tenant, journal.threadId, record));
  leaves.forEach((leaf, i) => {
    const message = history[i];
    if (message && message.hash !== leaf.toString('hex')) {
      count('unproven', `the hash of seq ${i + 1} does not follow from its record`);
    }
  });
  const root = rootOf(leaves).toString('hex');
  if (!verify.ok) count('unproven', `verify says no: ${verify.detail}`);
  if (verify.size !== stored.length) count('unproven', `verify has size ${verify.size}, ${stored.length} are stored`);
  if (verify.root_hash !== root) count('unproven', `verify has root ${verify.root_hash}, the records give ${root}`);
}

// --- docs/evidence.md, "A record" and "A thread's tree"

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt.asIntN(64, value));
  return bytes;
}

function uuid(text: string): Buffer {
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function leafHash(tenant: string, threadId: string, record: Stored): Buffer {
  return sha256(
    Buffer.from([0]),
    Buffer.from('wardroom/leaf/v1\n'),
    Buffer.from([record.leaf_kind]),
    u32(Buffer.byteLength(tenant)),
    Buffer.from(tenant),
    uuid(threadId),
    u64(BigInt(record.seq)),
    u64(BigInt(record.time_us)),
    uuid(record.author_id),
    Buffer.from(record.commitment, 'hex'),
  );
}

export function rootOf(leaves: Buffer[]): Buffer {
  const [first] = leaves;
  if (!first) return sha256(Buffer.alloc(0));
  if (leaves.length === 1) return first;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return sha256(Buffer.from([1]), rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)));
}
