// Makes the vectors of docs/evidence.md, independently of lib/: node:crypto and the text of RFC 6962,
// recursive where the C code is not. `node make.mjs` writes the files, `node make.mjs --check` fails
// when they differ. Next: leaf.json
import { createCipheriv, createHash, createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const uuid = (text) => Buffer.from(text.replaceAll("-", ""), "hex");
const number = (value, bytes) => {
  const out = Buffer.alloc(8);
  out.writeBigInt64BE(BigInt.asIntN(64, BigInt(value)));
  return out.subarray(8 - bytes);
};
const str = (text) => Buffer.concat([number(Buffer.byteLength(text), 4), Buffer.from(text)]);

// Leaves

const acme = { tenant_id: "acme", stream_id: "0190b8a2-7c3d-7e4f-8a1b-c2d3e4f50617" };
const ann = "0190b8a2-0000-7000-8000-000000000001";
const bob = "0190b8a2-0000-7000-8000-000000000002";
const system = "00000000-0000-0000-0000-000000000000";
const author = { name: "Ann", role: "analyst" };
const file = {
  id: "0190b8a2-0000-7000-8000-0000000000f1",
  name: "mail.eml",
  size: 48213,
  media_type: "message/rfc822",
  sha256: sha256("mail").toString("hex"),
};

// One of each kind, as the services write them, and some at the edges.
const leaves = [
  ["thread created", 2, ann, {
    v: 1, title: "Phishing wave", severity: "high", tlp: "amber", status: "open", waiting_on: null,
    participants: [{ user_id: ann, name: "Ann", role: "analyst" }, { user_id: bob, name: "Bob", role: "member" }],
    author }],
  ["message", 1, ann, {
    v: 1, kind: "text", client_id: "0190b8a2-0000-7000-8000-0000000000c1", author,
    body: "Three mailboxes so far. Ärger, 危, 🔒." }],
  ["message with an attachment", 1, bob, {
    v: 1, kind: "text", client_id: "0190b8a2-0000-7000-8000-0000000000c2",
    author: { name: "Bob", role: "member" }, body: "The mail.", attachments: [file], reply_to: 2 }],
  ["correction", 1, ann, {
    v: 1, kind: "correction", client_id: "0190b8a2-0000-7000-8000-0000000000c3", author,
    body: "Four mailboxes.", corrects: 2 }],
  ["thread changed", 3, ann, { v: 1, change: "fields", fields: { status: "closed", waiting_on: null }, author }],
  ["file stored", 4, bob, { v: 1, file, author: { name: "Bob", role: "member" } }],
  ["acknowledgement", 5, bob, {
    v: 1, acknowledges: 2, client_id: "0190b8a2-0000-7000-8000-0000000000c4", author: { name: "Bob", role: "member" } }],
  ["template version", 6, ann, {
    v: 1, template_id: "0190b8a2-0000-7000-8000-0000000000a1", version: 3,
    content_sha256: sha256("template").toString("hex"), name: "Phishing intake", author }],
  ["role or grant change", 7, ann, {
    v: 1, user_id: bob, role: "auditor", previous: "member", tenant: "acme", author: { name: "Ann", role: "admin" } }],
  ["erasure", 8, system, {
    v: 1, policy: "messages after 365 days",
    scope: { thread_id: acme.stream_id, from_seq: 2, to_seq: 4 }, count: 3,
    cut_off: "2026-11-22T17:00:00.000000Z", author: { name: "retention", role: "system" } }],
  ["hold placed", 9, ann, {
    v: 1, hold_id: "0190b8a2-0000-7000-8000-0000000000b1", thread_id: acme.stream_id,
    reason: "Case 4711", author: { name: "Ann", role: "admin" } }],
  ["hold released", 10, ann, {
    v: 1, hold_id: "0190b8a2-0000-7000-8000-0000000000b1", thread_id: acme.stream_id,
    reason: "Case closed", author: { name: "Ann", role: "admin" } }],
  ["policy change", 11, ann, {
    v: 1, policy: { messages_days: 365 }, previous: { messages_days: 730 }, author: { name: "Ann", role: "admin" } }],
  ["audit event", 12, system, { v: 1, event: "sign_in", subject: "bob", outcome: "refused" }],
].map(([name, kind, author_id, content], i) => ({
  name, kind, ...acme, seq: BigInt(i + 1), time_us: 1795366800123456n + BigInt(i) * 1000n, author_id,
  content: JSON.stringify(content),
}));

const edge = (name, change) => leaves.push({ ...leaves[0], name, ...change });
edge("shortest tenant id", { tenant_id: "ab" });
edge("longest tenant id", { tenant_id: "abcdefghijklmnopqrstuvwxyz01234" });
edge("seq beyond 2^53", { seq: 9007199254740993n });
edge("largest seq", { seq: 18446744073709551615n });
edge("before 1970", { time_us: -1n });
edge("largest time", { time_us: 9223372036854775807n });
edge("empty content", { content: "" });
edge("content of one block and more", { content: "x".repeat(200) });

function leafVector(leaf, i) {
  const salt = sha256(`wardroom vector salt ${i}`);
  const commitment = createHmac("sha256", salt).update(leaf.content).digest();
  const record = Buffer.concat([
    Buffer.from("wardroom/leaf/v1\n"), number(leaf.kind, 1), str(leaf.tenant_id), uuid(leaf.stream_id),
    number(leaf.seq, 8), number(leaf.time_us, 8), uuid(leaf.author_id), commitment,
  ]);
  return {
    ...leaf, seq: String(leaf.seq), time_us: String(leaf.time_us), salt: salt.toString("hex"),
    commitment: commitment.toString("hex"), record: record.toString("hex"),
    leaf_hash: sha256(Buffer.of(0), record).toString("hex"),
  };
}

// Trees: RFC 6962 section 2.1, word for word.

const split = (n) => 2 ** Math.ceil(Math.log2(n) - 1);
const root = (d) =>
  d.length === 0 ? sha256("")
    : d.length === 1 ? d[0]
      : sha256(Buffer.of(1), root(d.slice(0, split(d.length))), root(d.slice(split(d.length))));
function inclusion(m, d) {
  if (d.length === 1) return [];
  const k = split(d.length);
  return m < k ? [...inclusion(m, d.slice(0, k)), root(d.slice(k))]
    : [...inclusion(m - k, d.slice(k)), root(d.slice(0, k))];
}
function subproof(m, d, whole) {
  if (m === d.length) return whole ? [] : [root(d)];
  const k = split(d.length);
  return m <= k ? [...subproof(m, d.slice(0, k), whole), root(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), root(d.slice(0, k))];
}

// The eight inputs of the Certificate Transparency code base's own tests.
const inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const hashes = inputs.map((input) => sha256(Buffer.of(0), Buffer.from(input, "hex")));
for (let i = hashes.length; i < 20; i++) hashes.push(sha256(`wardroom vector leaf ${i}`));

const hex = (list) => list.map((hash) => hash.toString("hex"));
const sizes = hashes.map((_, i) => i + 1);
const tree = {
  about: "RFC 6962 trees: leaf_hashes[i] is SHA-256(0x00 || inputs[i]) for the first eight; roots[n] is the root of the first n.",
  inputs,
  leaf_hashes: hex(hashes),
  roots: hex([0, ...sizes].map((n) => root(hashes.slice(0, n)))),
  inclusion: sizes.flatMap((size) => [...Array(size).keys()].map((index) => (
    { size, index, proof: hex(inclusion(index, hashes.slice(0, size))) }))),
  consistency: sizes.flatMap((new_size) => [...Array(new_size).keys()].map((i) => i + 1).map((old_size) => (
    { old_size, new_size, proof: hex(subproof(old_size, hashes.slice(0, new_size), true)) }))),
};

// Sealed values: version:u8 key_id:u32 nonce:12 ciphertext tag:16, bound to their place.

const place = (service, tenant, table, column, row) =>
  Buffer.concat([Buffer.from("wardroom/sealed/v1\n"), str(service), str(tenant), str(table), str(column),
    number(row.length, 4), row]);

function sealedVector(name, aad, plain, i) {
  const key = sha256(`wardroom vector key ${i}`);
  const nonce = sha256(`wardroom vector nonce ${i}`).subarray(0, 12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(aad);
  const key_id = i + 1;
  const secret = Buffer.concat([cipher.update(plain), cipher.final()]);
  const sealed = Buffer.concat([number(1, 1), number(key_id, 4), nonce, secret, cipher.getAuthTag()]);
  return { name, key_id, key: key.toString("hex"), aad: aad.toString("hex"), plain: plain.toString("hex"), sealed: sealed.toString("hex") };
}
const first = leafVector(leaves[1], 1);
const sealed = [
  ["empty", Buffer.alloc(0), Buffer.alloc(0)],
  ["a tenant's data key under the service key", Buffer.from("wardroom/threads/acme/data"), sha256("wardroom vector data key")],
  ["salt and content of a message", place("threads", "acme", "message", "sealed",
    Buffer.concat([uuid(acme.stream_id), number(2, 8)])),
    Buffer.concat([Buffer.from(first.salt, "hex"), Buffer.from(first.content)])],
].map(([name, aad, plain], i) => sealedVector(name, aad, plain, i));

const files = {
  "leaf.json": { about: "Leaf records, docs/evidence.md. Numbers of 64 bits are decimal text.", vectors: leaves.map(leafVector) },
  "tree.json": tree,
  "sealed.json": { about: "Sealed values, docs/evidence.md.", vectors: sealed },
};
for (const [name, value] of Object.entries(files)) {
  const url = new URL(name, import.meta.url);
  const text = JSON.stringify(value, null, 1) + "\n";
  if (!process.argv.includes("--check")) {
    writeFileSync(url, text);
  } else if (readFileSync(url, "utf8") !== text) {
    console.error(`tests/vectors/${name} is not what make.mjs makes`);
    process.exitCode = 1;
  }
}
