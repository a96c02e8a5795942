/* JSON <-> protobuf by descriptor, both ways, bounded.
 *
 * Rules by field name (docs/protocol.md): `x_json` bytes are JSON passed verbatim under the name
 * `x`; `x_us` int64 is RFC 3339 under `x`; bytes `id`, `x_id`: UUID; repeated bytes `x_uuids`: UUIDs
 * under `x`; bytes `hash`, `x_hash`, `sha256`: lower-case hex; enum values lose the enum's prefix
 * and are lower case; `x_filled` is never read from JSON; `set_fields` is filled with the
 * top-level names that were present (and never read or printed).
 *
 * Printing what is absent: an UNSPECIFIED enum, an empty id or hash, a 0 time and an empty `next` are
 * null; a sub-message that is not set, an empty `_json`, unset oneof members and a 0 `reply_to` or
 * `corrects` are left out; repeated fields are always arrays; everything else is always printed.
 * On input null means absent.
 */
#ifndef WARDROOM_JSON_JSON_H
#define WARDROOM_JSON_JSON_H

#include <protobuf-c/protobuf-c.h>
#include "core/arena.h"

struct json_error {
    char pointer[256]; /* RFC 6901, of the offending value */
    char detail[160];  /* words for a person */
};

struct json_limits {
    size_t bytes_max;
    unsigned depth_max, keys_max;
};
extern const struct json_limits json_limits_default; /* 256 KiB, 32 levels, 1,000 keys */

/* Parse `text` (one JSON object) into a new message of `descriptor`, allocated in `arena`.
 * INVALID: not JSON, NUL characters, lone surrogates, duplicate keys, numbers beyond 64 bits, over
 * a limit. VALIDATION_FAILED: unknown member, wrong type, bad id, time, hash or enum value;
 * `ret_error` says where. */
MUST_CHECK enum status json_to_message(struct bytes text, const struct json_limits *limits,
                                       const ProtobufCMessageDescriptor *descriptor,
                                       struct arena *arena, ProtobufCMessage **ret,
                                       struct json_error *ret_error);
/* Set one scalar field of `message` from text (query and path parameters); name as in JSON.
 * VALIDATION_FAILED: no such field, or the text does not fit its type. */
MUST_CHECK enum status json_set_field(ProtobufCMessage *message, struct bytes name,
                                      struct bytes text, struct arena *arena,
                                      struct json_error *ret_error);
/* Append the message as one JSON object. */
void json_from_message(const ProtobufCMessage *message, struct buf *out);
/* Append a JSON string with quotes; input is UTF-8 (checked elsewhere), bad bytes become U+FFFD. */
void json_write_string(struct bytes text, struct buf *out);

#endif
