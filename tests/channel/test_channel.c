/* lib/channel against a real Redis: what is published arrives, once, in order and only for its
 * tenant; a killed connection comes back by itself; foreign payloads are refused; of two servers
 * each has its tenants.
 *
 * Needs WARDROOM_TEST_REDIS_URL and WARDROOM_TEST_REDIS_URL_2 (tools/testenv). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include "channel/channel.h"
#include "channel/payload.h"
#include "channel/redis_url.h"
#include "core/clock.h"
#include "core/metrics.h"

#define DEADLINE_MS 8000

static const char *redis_url;
static struct keyring keys;

struct seen {
    uv_loop_t loop;
    struct subscriber *subscriber;
    unsigned ups, downs, added, batches;
    char last_tenant[TENANT_ID_SIZE];
    char text[256];
};

static void on_batch(void *data, const struct tenant_id *tenant, struct bytes batch)
{
    struct seen *seen = data;
    size_t len = strlen(seen->text);
    seen->batches++;
    snprintf(seen->last_tenant, sizeof seen->last_tenant, "%s", tenant->text);
    snprintf(seen->text + len, sizeof seen->text - len, "%.*s", (int)batch.len,
             (const char *)batch.data);
}

static void on_state(void *data, bool connected)
{
    struct seen *seen = data;
    if (connected)
        seen->ups++;
    else
        seen->downs++;
}

static void on_added(void *data, const struct tenant_id *tenant)
{
    struct seen *seen = data;
    (void)tenant;
    seen->added++;
}

/* Turn the loop until *count reaches `least`, at most DEADLINE_MS. */
static bool wait_for(struct seen *seen, const unsigned *count, unsigned least)
{
    int64_t until = clock_monotonic_ms() + DEADLINE_MS;
    while (*count < least && clock_monotonic_ms() < until)
        uv_run(&seen->loop, UV_RUN_ONCE);
    return *count >= least;
}

static struct tenant_id tenant_of(const char *text)
{
    struct tenant_id tenant = {{0}};
    strcpy(tenant.text, text);
    return tenant;
}

static struct seen *start_subscriber_of(const char *url)
{
    struct seen *seen = calloc(1, sizeof *seen);
    struct subscriber_handlers handlers = {on_batch, on_state, on_added, seen};
    uv_loop_init(&seen->loop);
    assert_int_equal(
        subscriber_new(&seen->loop, url, &keys, "default", handlers, &seen->subscriber), OK);
    return seen;
}

static struct seen *start_subscriber(void)
{
    return start_subscriber_of(redis_url);
}

static void stop_subscriber(struct seen *seen)
{
    subscriber_close(seen->subscriber);
    uv_run(&seen->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&seen->loop), 0);
    free(seen);
}

static redisContext *connect_server(const struct redis_url *url)
{
    redisContext *redis = redisConnect(url->host, url->port);
    if (url->password[0])
        freeReplyObject(redisCommand(redis, "AUTH %s", url->password));
    return redis;
}

static redisContext *connect_plain(void)
{
    struct redis_url url;
    assert_int_equal(redis_url_parse(redis_url, &url), OK);
    return connect_server(&url);
}

static void test_batches_of_a_tenant_arrive_in_order_and_no_others(void **state)
{
    (void)state;
    struct tenant_id acme = tenant_of("acme"), globex = tenant_of("globex");
    struct publisher *publisher;
    struct seen *seen = start_subscriber();
    subscriber_add(seen->subscriber, &acme);
    assert_true(wait_for(seen, &seen->ups, 1));
    assert_int_equal(publisher_new(redis_url, &keys, "default", &publisher), OK);
    publisher_send(publisher, &acme, bytes_text("a"));
    publisher_send(publisher, &globex, bytes_text("X"));
    publisher_send(publisher, &acme, bytes_text("b"));
    publisher_send(publisher, &acme, bytes_text("c"));
    assert_true(wait_for(seen, &seen->batches, 3));
    assert_string_equal(seen->text, "abc");
    assert_string_equal(seen->last_tenant, "acme");
    publisher_free(publisher);
    stop_subscriber(seen);
}

static void test_leaving_and_coming_back_at_once_stays_subscribed(void **state)
{
    (void)state;
    struct tenant_id acme = tenant_of("acme");
    struct seen *seen = start_subscriber();
    assert_true(wait_for(seen, &seen->ups, 1));
    subscriber_add(seen->subscriber, &acme);
    assert_true(wait_for(seen, &seen->added, 1));
    subscriber_remove(seen->subscriber, &acme);
    subscriber_add(seen->subscriber, &acme);
    assert_true(wait_for(seen, &seen->added, 2));
    subscriber_publish(seen->subscriber, &acme, bytes_text("x"));
    assert_true(wait_for(seen, &seen->batches, 1));
    stop_subscriber(seen);
}

static void test_a_killed_connection_comes_back_and_says_so(void **state)
{
    (void)state;
    struct tenant_id acme = tenant_of("acme");
    struct publisher *publisher;
    struct seen *seen = start_subscriber();
    subscriber_add(seen->subscriber, &acme);
    assert_true(wait_for(seen, &seen->ups, 1));
    assert_int_equal(publisher_new(redis_url, &keys, "default", &publisher), OK);
    publisher_send(publisher, &acme, bytes_text("1"));
    assert_true(wait_for(seen, &seen->batches, 1));
    redisContext *redis = connect_plain();
    freeReplyObject(redisCommand(redis, "CLIENT KILL TYPE pubsub"));
    freeReplyObject(redisCommand(redis, "CLIENT KILL TYPE normal SKIPME yes"));
    redisFree(redis);
    assert_true(wait_for(seen, &seen->downs, 1));
    assert_true(wait_for(seen, &seen->ups, 2));
    publisher_send(publisher, &acme, bytes_text("2"));
    assert_true(wait_for(seen, &seen->batches, 2));
    assert_string_equal(seen->text, "12");
    publisher_free(publisher);
    stop_subscriber(seen);
}

static int64_t lost_since_us;

static void say_lost(const struct tenant_id *tenant, int64_t since_us, struct buf *out)
{
    assert_true(since_us > 0 && since_us <= clock_now_us());
    assert_true(lost_since_us == 0 || since_us == lost_since_us); /* of the first loss, each time */
    lost_since_us = since_us;
    buf_printf(out, "(lost %s)", tenant->text);
}

static void allow_publish(redisContext *redis, bool is_allowed)
{
    redisReply *reply =
        redisCommand(redis, "ACL SETUSER default %s", is_allowed ? "+publish" : "-publish");
    assert_int_equal(reply->type, REDIS_REPLY_STATUS);
    freeReplyObject(reply);
}

static long dropped_count(void)
{
    struct buf text = {0};
    metrics_print(&text);
    buf_u8(&text, 0);
    const char *at = strstr((const char *)text.data, "\nwardroom_publish_dropped_total ");
    long dropped = at ? strtol(strchr(at, ' '), NULL, 10) : -1;
    buf_fini(&text);
    return dropped;
}

static void test_tenants_whose_batches_were_lost_are_told_once_redis_takes_them_again(void **state)
{
    (void)state;
    struct tenant_id acme = tenant_of("acme"), globex = tenant_of("globex");
    struct publisher *publisher;
    struct seen *seen = start_subscriber();
    redisContext *redis = connect_plain();
    subscriber_add(seen->subscriber, &acme);
    subscriber_add(seen->subscriber, &globex);
    assert_true(wait_for(seen, &seen->ups, 1));
    assert_int_equal(publisher_new(redis_url, &keys, "default", &publisher), OK);
    publisher_set_lost(publisher, say_lost);
    publisher_send(publisher, &globex, bytes_text("fine"));
    assert_true(wait_for(seen, &seen->batches, 1));
    long before = dropped_count();
    allow_publish(redis, false);
    publisher_send(publisher, &acme, bytes_text("one"));
    publisher_send(publisher, &acme, bytes_text("two"));
    int64_t until_ms = clock_monotonic_ms() + DEADLINE_MS;
    lost_since_us = 0;
    while (dropped_count() < before + 6) /* both, and some tries to say so */
        assert_true(clock_monotonic_ms() < until_ms);
    allow_publish(redis, true);
    assert_true(wait_for(seen, &seen->batches, 2));
    publisher_send(publisher, &acme, bytes_text("after"));
    assert_true(wait_for(seen, &seen->batches, 3));
    assert_string_equal(seen->text, "fine(lost acme)after");
    publisher_free(publisher);
    redisFree(redis);
    stop_subscriber(seen);
}

static void test_what_cannot_be_opened_says_that_something_is_missing(void **state)
{
    (void)state;
    struct tenant_id acme = tenant_of("acme");
    struct seen *seen = start_subscriber();
    redisContext *redis = connect_plain();
    char channel[CHANNEL_NAME_SIZE];
    channel_name("default", &acme, channel);
    assert_true(wait_for(seen, &seen->ups, 1));
    subscriber_add(seen->subscriber, &acme);
    assert_true(wait_for(seen, &seen->added, 1));
    freeReplyObject(redisCommand(redis, "PUBLISH %s %s", channel, "not a sealed payload"));
    assert_true(wait_for(seen, &seen->added, 2));
    assert_int_equal(seen->batches, 0);
    redisFree(redis);
    stop_subscriber(seen);
}

static void test_foreign_payloads_are_refused(void **state)
{
    (void)state;
    struct tenant_id acme = tenant_of("acme"), globex = tenant_of("globex");
    char channel[CHANNEL_NAME_SIZE], other[CHANNEL_NAME_SIZE];
    struct buf sealed = {0}, opened = {0};
    channel_name("default", &acme, channel);
    channel_name("default", &globex, other);
    int64_t now_us = clock_now_us();
    assert_int_equal(payload_seal(&keys.keys[0], channel, now_us, bytes_text("secret"), &sealed),
                     OK);
    assert_int_equal(payload_open(&keys, channel, now_us, buf_bytes(&sealed), &opened), OK);
    assert_true(bytes_equal(buf_bytes(&opened), bytes_text("secret")));
    assert_null(memmem(sealed.data, sealed.len, "secret", 6));
    assert_int_equal(payload_open(&keys, other, now_us, buf_bytes(&sealed), &opened),
                     STATUS_CORRUPT);
    assert_int_equal(payload_open(&keys, channel, now_us + 31000000, buf_bytes(&sealed), &opened),
                     STATUS_CORRUPT);
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.data[i] ^= 1;
        assert_int_not_equal(payload_open(&keys, channel, now_us, buf_bytes(&sealed), &opened), OK);
        sealed.data[i] ^= 1;
        assert_int_not_equal(
            payload_open(&keys, channel, now_us, bytes_of(sealed.data, i), &opened), OK);
    }
    buf_fini(&sealed);
    buf_fini(&opened);
}

static void test_redis_urls_are_read_and_others_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "localhost:1",
                                        "rediss://h",
                                        "redis://",
                                        "redis://:x@",
                                        "redis://h:0",
                                        "redis://h:65536",
                                        "redis://h:1x"};
    struct redis_url url;
    assert_int_equal(redis_url_parse("redis://localhost:6379/0", &url), OK);
    assert_string_equal(url.host, "localhost");
    assert_int_equal(redis_url_parse("redis://:p@w@h:7/1", &url), OK);
    assert_string_equal(url.password, "p@w");
    assert_string_equal(url.host, "h");
    assert_int_equal(url.port, 7);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(redis_url_parse(wrong[i], &url), STATUS_INVALID);
}

static void test_lists_of_redis_urls_are_read_and_others_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        ",redis://a",
                                        "redis://a,",
                                        "redis://a,redis://",
                                        "redis://a,redis://:p@a:6379/1",
                                        "redis://1,redis://2,redis://3,redis://4,redis://5,redis://"
                                        "6,redis://7,redis://8,redis://9"};
    struct redis_urls urls;
    assert_int_equal(redis_urls_parse("redis://a", &urls), OK);
    assert_int_equal(urls.count, 1);
    assert_int_equal(redis_urls_parse("redis://:p,q@a:1/0,redis://:p,q@b:2/0", &urls), OK);
    assert_int_equal(urls.count, 2);
    assert_string_equal(urls.servers[0].host, "a");
    assert_string_equal(urls.servers[0].password, "p,q");
    assert_int_equal(urls.servers[1].port, 2);
    assert_int_equal(redis_urls_parse("redis://1,redis://2,redis://3,redis://4,redis://5,"
                                      "redis://6,redis://7,redis://8",
                                      &urls),
                     OK);
    assert_int_equal(urls.count, REDIS_SERVERS_MAX);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(redis_urls_parse(wrong[i], &urls), STATUS_INVALID);
}

/* Over 3,000 tenants each of three servers has about a third, whatever the order of the list, and
 * without one of them only its own move. */
static void test_a_channel_has_one_server_and_keeps_it(void **state)
{
    (void)state;
    struct redis_urls three, turned, two;
    unsigned share[3] = {0};
    assert_int_equal(redis_urls_parse("redis://a:1,redis://b:1,redis://c:1", &three), OK);
    assert_int_equal(redis_urls_parse("redis://:x@c:1,redis://:x@a:1,redis://:x@b:1", &turned), OK);
    assert_int_equal(redis_urls_parse("redis://a:1,redis://b:1", &two), OK);
    for (unsigned i = 0; i < 3000; i++) {
        char channel[CHANNEL_NAME_SIZE];
        snprintf(channel, sizeof channel, "wr:1:default:tenant_%u", i);
        const char *host = three.servers[redis_urls_choose(&three, channel)].host;
        share[host[0] - 'a']++;
        assert_string_equal(turned.servers[redis_urls_choose(&turned, channel)].host, host);
        if (host[0] != 'c')
            assert_string_equal(two.servers[redis_urls_choose(&two, channel)].host, host);
    }
    for (unsigned i = 0; i < 3; i++)
        assert_in_range(share[i], 900, 1100);
}

/* The name of a tenant whose channel is on server `wanted`. */
static struct tenant_id tenant_on(const struct redis_urls *urls, size_t wanted)
{
    char name[TENANT_ID_SIZE], channel[CHANNEL_NAME_SIZE];
    struct tenant_id tenant;
    unsigned i = 0;
    do {
        snprintf(name, sizeof name, "tenant_%u", i++);
        tenant = tenant_of(name);
        channel_name("default", &tenant, channel);
    } while (redis_urls_choose(urls, channel) != wanted);
    return tenant;
}

/* `CLIENT PAUSE` makes the second server hang, longer than the heartbeat's patience. */
static void test_a_lost_server_touches_only_its_own_tenants(void **state)
{
    (void)state;
    char list[1024];
    struct redis_urls urls;
    struct publisher *publisher;
    snprintf(list, sizeof list, "%s,%s", redis_url, getenv("WARDROOM_TEST_REDIS_URL_2"));
    assert_int_equal(redis_urls_parse(list, &urls), OK);
    struct tenant_id well = tenant_on(&urls, 0), lost = tenant_on(&urls, 1);
    struct seen *seen = start_subscriber_of(list);
    subscriber_add(seen->subscriber, &well);
    subscriber_add(seen->subscriber, &lost);
    assert_true(wait_for(seen, &seen->ups, 2));
    assert_int_equal(publisher_new(list, &keys, "default", &publisher), OK);
    publisher_send(publisher, &well, bytes_text("1"));
    assert_true(wait_for(seen, &seen->batches, 1));
    publisher_send(publisher, &lost, bytes_text("2"));
    assert_true(wait_for(seen, &seen->batches, 2));

    redisContext *redis = connect_server(&urls.servers[1]);
    freeReplyObject(redisCommand(redis, "CLIENT PAUSE 5000 ALL"));
    redisFree(redis);
    assert_true(wait_for(seen, &seen->downs, 1));
    assert_true(subscriber_connected(seen->subscriber));
    assert_false(subscriber_complete(seen->subscriber));
    assert_true(subscriber_reaches(seen->subscriber, &well));
    assert_false(subscriber_reaches(seen->subscriber, &lost));
    publisher_send(publisher, &lost, bytes_text("x"));
    publisher_send(publisher, &well, bytes_text("3"));
    subscriber_publish(seen->subscriber, &well, bytes_text("4"));
    assert_true(wait_for(seen, &seen->batches, 4));
    assert_string_equal(seen->last_tenant, well.text);
    assert_null(strchr(seen->text, 'x'));

    assert_true(wait_for(seen, &seen->ups, 3));
    assert_true(subscriber_complete(seen->subscriber));
    subscriber_publish(seen->subscriber, &lost, bytes_text("5"));
    assert_true(wait_for(seen, &seen->batches, 5));
    publisher_free(publisher);
    stop_subscriber(seen);
}

/* Each server's lane says it over its own server, or nobody would hear it. */
static void test_a_loss_is_told_through_the_server_of_its_tenant(void **state)
{
    (void)state;
    char list[1024];
    struct redis_urls urls;
    struct publisher *publisher;
    snprintf(list, sizeof list, "%s,%s", redis_url, getenv("WARDROOM_TEST_REDIS_URL_2"));
    assert_int_equal(redis_urls_parse(list, &urls), OK);
    struct seen *seen = start_subscriber_of(list);
    assert_int_equal(publisher_new(list, &keys, "default", &publisher), OK);
    publisher_set_lost(publisher, say_lost);
    for (unsigned server = 0; server < 2; server++) {
        struct tenant_id tenant = tenant_on(&urls, server);
        subscriber_add(seen->subscriber, &tenant);
    }
    assert_true(wait_for(seen, &seen->ups, 2));
    for (unsigned server = 0; server < 2; server++) {
        struct tenant_id tenant = tenant_on(&urls, server);
        lost_since_us = 0;
        publisher_note_lost(publisher, &tenant);
        assert_true(wait_for(seen, &seen->batches, server + 1));
        assert_string_equal(seen->last_tenant, tenant.text);
    }
    publisher_free(publisher);
    stop_subscriber(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redis_urls_are_read_and_others_refused),
        cmocka_unit_test(test_lists_of_redis_urls_are_read_and_others_refused),
        cmocka_unit_test(test_a_channel_has_one_server_and_keeps_it),
        cmocka_unit_test(test_foreign_payloads_are_refused),
        cmocka_unit_test(test_batches_of_a_tenant_arrive_in_order_and_no_others),
        cmocka_unit_test(test_leaving_and_coming_back_at_once_stays_subscribed),
        cmocka_unit_test(test_a_killed_connection_comes_back_and_says_so),
        cmocka_unit_test(test_tenants_whose_batches_were_lost_are_told_once_redis_takes_them_again),
        cmocka_unit_test(test_what_cannot_be_opened_says_that_something_is_missing),
        cmocka_unit_test(test_a_lost_server_touches_only_its_own_tenants),
        cmocka_unit_test(test_a_loss_is_told_through_the_server_of_its_tenant),
    };
    redis_url = getenv("WARDROOM_TEST_REDIS_URL");
    if (!redis_url || !getenv("WARDROOM_TEST_REDIS_URL_2")) {
        printf("skipped: WARDROOM_TEST_REDIS_URL and _2 are not set; run by tools/testenv\n");
        return 0;
    }
    keys.count = 1;
    keys.keys[0].id = 1;
    random_bytes(keys.keys[0].bytes, KEY_SIZE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
