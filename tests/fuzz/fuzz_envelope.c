/* Envelopes and replies: nothing a peer sends may do more than be refused. */
#include "bus/envelope.h"
#include "bus/wire.h"
#include "core/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct arena *arena;
    struct bytes frame = {data, len};
    Wardroom__Envelope *envelope;
    Wardroom__Reply *reply;
    uint8_t id[16];
    if (arena == NULL) {
        arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    }
    arena_reset(arena);
    if (envelope_unpack(frame, arena, &envelope) == OK && !envelope_peek_id(frame, id)) {
        __builtin_trap(); /* what unpacks has an id, and both readers agree that it is there */
    }
    arena_reset(arena);
    (void)!(reply_unpack(frame, arena, &reply) == OK);
    return 0;
}
