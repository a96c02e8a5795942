/* Leaf records, commitments and their hashes: docs/evidence.md in code.
 *
 * Pure functions over bytes: no I/O, no clock. Next: tree.h
 */
#ifndef WARDROOM_EVIDENCE_LEAF_H
#define WARDROOM_EVIDENCE_LEAF_H

#include "core/ids.h"
#include "crypto/aead.h"

#define SALT_SIZE 32

enum leaf_kind {
    LEAF_MESSAGE = 1,
    LEAF_THREAD_CREATED = 2,
    LEAF_THREAD_CHANGED = 3,
    LEAF_FILE_STORED = 4,
    LEAF_ACKNOWLEDGEMENT = 5,
    LEAF_TEMPLATE_VERSION = 6,
    LEAF_ROLE_CHANGE = 7,
    LEAF_ERASURE = 8,
    LEAF_HOLD_PLACED = 9,
    LEAF_HOLD_RELEASED = 10,
    LEAF_POLICY_CHANGE = 11,
    LEAF_AUDIT_EVENT = 12
};

struct leaf_record {
    enum leaf_kind kind;
    struct tenant_id tenant;
    struct uuid stream;
    uint64_t seq; /* from 1 */
    int64_t time_us;
    struct uuid author; /* all zero: the system itself */
    uint8_t commitment[SHA256_SIZE];
};

/* HMAC-SHA-256(key = salt, content). */
void leaf_commit(const uint8_t salt[SALT_SIZE], struct bytes content, uint8_t out[SHA256_SIZE]);
/* The record's exact bytes, appended to `out`. */
void leaf_encode(const struct leaf_record *record, struct buf *out);
/* SHA-256(0x00 || record). */
void leaf_hash(const struct leaf_record *record, uint8_t out[SHA256_SIZE]);

#endif
