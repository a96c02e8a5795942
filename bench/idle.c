/* Open, let it settle, read /proc, close.
 *
 * Next: insert.c */
#include "idle.h"

#include "clock.h"
#include "fault.h"
#include "socket.h"

#include <stdio.h>
#include <stdlib.h>

#define WARM_SOCKETS 20
#define SETTLE_S     2

/* Whatever the server says meanwhile (presence, pings) is taken, so that it keeps nothing for us.
 */
static void ignore_frame(void *context, struct socket *socket, char *payload, size_t len)
{
    (void)context;
    (void)socket;
    (void)payload;
    (void)len;
}

static bool sockets_read(struct socket *sockets, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!socket_read(&sockets[i], ignore_frame, NULL))
            return false;
    return true;
}

static bool sockets_settle(struct socket *sockets, unsigned count)
{
    for (int tenth = 0; tenth < SETTLE_S * 10; tenth++) {
        if (!sockets_read(sockets, count))
            return false;
        clock_sleep_ns(NS_PER_S / 10);
    }
    return true;
}

static bool sockets_open(const struct target *target, struct accounts *accounts,
                         struct socket *sockets, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct account *account = accounts_pick(accounts, 0, i);
        if (!socket_open(&sockets[i], target, "/ws/chat/", account->token))
            return false;
        if (i % 100 == 99 && !sockets_read(sockets, i + 1))
            return false;
    }
    return true;
}

static void sockets_close(struct socket *sockets, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        socket_close(&sockets[i]);
}

static bool measure(const struct target *target, struct accounts *accounts,
                    const struct procs *procs, struct socket *sockets, struct idle_result *result)
{
    if (!sockets_open(target, accounts, sockets, WARM_SOCKETS))
        return false;
    sockets_close(sockets, WARM_SOCKETS);
    clock_sleep_ns(SETTLE_S * NS_PER_S);
    return procs_memory(procs, "gateway", &result->before_kb, &result->private_before_kb) &&
           sockets_open(target, accounts, sockets, result->sockets) &&
           sockets_settle(sockets, result->sockets) &&
           procs_memory(procs, "gateway", &result->after_kb, &result->private_after_kb);
}

static double each(uint64_t before_kb, uint64_t after_kb, unsigned sockets)
{
    return ((double)after_kb - (double)before_kb) * 1024 / sockets;
}

void idle_run(const struct target *target, struct accounts *accounts, const struct procs *procs,
              unsigned sockets, struct idle_result *ret_result)
{
    unsigned room = sockets > WARM_SOCKETS ? sockets : WARM_SOCKETS;
    struct socket *items = calloc(room, sizeof(*items));
    struct idle_result result = {.sockets = sockets};
    for (unsigned i = 0; items && i < room; i++)
        items[i].link.fd = -1;
    result.is_valid =
        items && accounts_sign_in(accounts) && measure(target, accounts, procs, items, &result);
    result.bytes_each = each(result.before_kb, result.after_kb, sockets);
    result.private_bytes_each = each(result.private_before_kb, result.private_after_kb, sockets);
    if (!result.is_valid)
        snprintf(result.why, sizeof(result.why), "%s", fault_text());
    if (items)
        sockets_close(items, room);
    free(items);
    *ret_result = result;
}
