/* hiredis on libuv: readiness by uv_poll, a timer for connecting and for coming back.
 *
 * States: idle (timer runs to the next try) -> connecting (timer runs to the limit) -> up -> idle.
 * A context is freed only by hiredis itself or by redis_link_reset from a timer, never inside one
 * of its callbacks. Next: subscriber.c
 */
#include "channel/redis_loop.h"

#include <stdlib.h>

#define CONNECT_LIMIT_MS 1000
#define RETRY_MS_FIRST   50
#define RETRY_MS_MAX     2000

struct poll_handle {
    uv_poll_t poll;
    redisAsyncContext *context; /* NULL once hiredis let go */
    int events;
};

struct redis_link {
    uv_loop_t *loop;
    struct redis_url url;
    struct redis_link_handlers handlers;
    redisAsyncContext *context;
    uv_timer_t timer;
    unsigned retry_ms;
    bool is_up, is_closing;
};

static void start_connecting(struct redis_link *link);

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct poll_handle *handle = poll->data;
    /* An error shows as neither readable nor writable: let hiredis find it on both. */
    if (handle->context && (status < 0 || (events & UV_READABLE)))
        redisAsyncHandleRead(handle->context);
    if (handle->context && (status < 0 || (events & UV_WRITABLE)))
        redisAsyncHandleWrite(handle->context);
}

static void set_events(struct poll_handle *handle, int events)
{
    handle->events = events;
    if (events)
        uv_poll_start(&handle->poll, events, on_poll);
    else
        uv_poll_stop(&handle->poll);
}

static void add_read(void *data)
{
    struct poll_handle *handle = data;
    set_events(handle, handle->events | UV_READABLE);
}

static void remove_read(void *data)
{
    struct poll_handle *handle = data;
    set_events(handle, handle->events & ~UV_READABLE);
}

static void add_write(void *data)
{
    struct poll_handle *handle = data;
    set_events(handle, handle->events | UV_WRITABLE);
}

static void remove_write(void *data)
{
    struct poll_handle *handle = data;
    set_events(handle, handle->events & ~UV_WRITABLE);
}

/* hiredis frees its context: let go of the descriptor before it is closed. */
static void cleanup(void *data)
{
    struct poll_handle *handle = data;
    handle->context = NULL;
    uv_poll_stop(&handle->poll);
    uv_close((uv_handle_t *)&handle->poll, on_poll_closed);
}

static bool attach(struct redis_link *link, redisAsyncContext *context)
{
    struct poll_handle *handle = calloc(1, sizeof *handle);
    if (!handle || uv_poll_init(link->loop, &handle->poll, context->c.fd) != 0) {
        free(handle);
        return false;
    }
    handle->poll.data = handle;
    handle->context = context;
    context->ev.data = handle;
    context->ev.addRead = add_read;
    context->ev.delRead = remove_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = remove_write;
    context->ev.cleanup = cleanup;
    return true;
}

static void on_retry(uv_timer_t *timer)
{
    start_connecting(timer->data);
}

static void on_connect_limit(uv_timer_t *timer)
{
    redis_link_reset(timer->data);
}

/* The context is gone: tell, and try again later, each time twice as late. */
static void went_down(struct redis_link *link)
{
    bool was_up = link->is_up;
    link->context = NULL;
    link->is_up = false;
    if (link->is_closing)
        return;
    uv_timer_start(&link->timer, on_retry, link->retry_ms, 0);
    link->retry_ms = link->retry_ms * 2 > RETRY_MS_MAX ? RETRY_MS_MAX : link->retry_ms * 2;
    if (was_up)
        link->handlers.on_down(link->handlers.data);
}

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis_link *link = context->data;
    if (!link || link->context != context)
        return;
    if (status != REDIS_OK) {
        went_down(link);
        return;
    }
    uv_timer_stop(&link->timer);
    link->is_up = true;
    link->retry_ms = RETRY_MS_FIRST;
    if (link->url.user[0])
        redisAsyncCommand(link->context, NULL, NULL, "AUTH %s %s", link->url.user,
                          link->url.password);
    else if (link->url.password[0])
        redisAsyncCommand(link->context, NULL, NULL, "AUTH %s", link->url.password);
    link->handlers.on_up(link->handlers.data);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct redis_link *link = context->data;
    (void)status;
    if (link && link->context == context)
        went_down(link);
}

static void start_connecting(struct redis_link *link)
{
    redisAsyncContext *context = redisAsyncConnect(link->url.host, link->url.port);
    if (!context || context->err || !attach(link, context)) {
        if (context)
            redisAsyncFree(context);
        went_down(link);
        return;
    }
    context->data = link;
    link->context = context;
    uv_timer_start(&link->timer, on_connect_limit, CONNECT_LIMIT_MS, 0);
    redisAsyncSetConnectCallback(context, on_connect);
    redisAsyncSetDisconnectCallback(context, on_disconnect);
}

static void on_first_try(uv_timer_t *timer)
{
    start_connecting(timer->data);
}

struct redis_link *redis_link_new(uv_loop_t *loop, const struct redis_url *url,
                                  struct redis_link_handlers handlers)
{
    struct redis_link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->loop = loop;
    link->url = *url;
    link->handlers = handlers;
    link->retry_ms = RETRY_MS_FIRST;
    uv_timer_init(loop, &link->timer);
    link->timer.data = link;
    uv_timer_start(&link->timer, on_first_try, 0, 0);
    return link;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct redis_link *link = handle->data;
    bytes_wipe(&link->url, sizeof link->url);
    free(link);
}

/* Free the context without its callbacks finding the link. */
static void drop_context(struct redis_link *link)
{
    redisAsyncContext *context = link->context;
    if (!context)
        return;
    link->context = NULL;
    context->data = NULL;
    redisAsyncFree(context);
}

void redis_link_close(struct redis_link *link)
{
    link->is_closing = true;
    uv_timer_stop(&link->timer);
    drop_context(link);
    uv_close((uv_handle_t *)&link->timer, on_timer_closed);
}

void redis_link_reset(struct redis_link *link)
{
    drop_context(link);
    went_down(link);
}

redisAsyncContext *redis_link_context(struct redis_link *link)
{
    return link->is_up ? link->context : NULL;
}
