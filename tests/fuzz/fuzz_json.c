/* JSON from outside into every request message of the gateway's routes; what is taken is printed
 * again, and what was printed must be taken. */
#include "auth.pb-c.h"
#include "json/json.h"
#include "socket.pb-c.h"
#include "templates.pb-c.h"
#include "threads.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *const descriptors[] = {
    &socket__command__descriptor, &threads__create_request__descriptor,
    &threads__patch_request__descriptor, &threads__post_request__descriptor,
    &auth__token_request__descriptor, &templates__create_request__descriptor};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    struct json_error error;
    ProtobufCMessage *message;
    struct buf printed = {0};
    if (size == 0)
        return 0;
    if (!arena)
        arena = arena_new(4 * 1024 * 1024);
    const ProtobufCMessageDescriptor *descriptor =
        descriptors[data[0] % (sizeof descriptors / sizeof *descriptors)];
    if (json_to_message(bytes_of(data + 1, size - 1), &json_limits_default, descriptor, arena,
                        &message, &error) == OK) {
        json_from_message(message, &printed);
        if (json_to_message(buf_bytes(&printed), &json_limits_default, descriptor, arena, &message,
                            &error) == STATUS_INVALID)
            __builtin_trap();
    }
    buf_fini(&printed);
    arena_reset(arena);
    return 0;
}
