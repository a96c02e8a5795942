/* One WebSocket message into a command: what the gateway does with every text frame. */
#include "commands.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    Socket__Command *command;
    char detail[COMMAND_DETAIL_SIZE];
    if (!arena)
        arena = arena_new(4 * 1024 * 1024);
    enum status status = command_parse(bytes_of(data, size), arena, &command, detail);
    if (strnlen(detail, sizeof detail) == sizeof detail || (status == OK && !command))
        __builtin_trap();
    arena_reset(arena);
    return 0;
}
