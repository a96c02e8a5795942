/* Envelope and Reply: the bytes on the bus. Packing, and unpacking of hostile bytes.
 *
 * Bounded: ENVELOPE_BYTES_MAX, an arena with a budget, then checks of version, id length, text and
 * method form. Fuzzed (tests/fuzz). Next: curve.h
 */
#ifndef WARDROOM_BUS_ENVELOPE_H
#define WARDROOM_BUS_ENVELOPE_H

#include "common.pb-c.h"
#include "core/arena.h"
#include "core/ids.h"

#define ENVELOPE_VERSION 1

/* INVALID: not an envelope of version 1, or a member out of bounds. The result lives in `arena`. */
MUST_CHECK enum status envelope_unpack(struct bytes frame, struct arena *arena,
                                       Wardroom__Envelope **ret);
MUST_CHECK enum status reply_unpack(struct bytes frame, struct arena *arena, Wardroom__Reply **ret);
/* Check a message that came off the wire: every `string` field, however deep, is UTF-8 without NUL.
 * No recursion on outside data: depth is bounded by the schema. */
bool message_text_is_valid(const ProtobufCMessage *message);

#endif
