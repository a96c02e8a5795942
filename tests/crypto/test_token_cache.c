/* The token cache: bounded, by whole tokens, and it forgets what expired. */
#include "crypto/token_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static struct token_cache *cache;

static int set_up(void **state)
{
    (void)state;
    cache = token_cache_new();
    return cache == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    token_cache_free(cache);
    return 0;
}

static struct bytes token_of(char out[32], int number)
{
    return bytes_of(out, (size_t)snprintf(out, 32, "header.payload.%d", number));
}

static void put(int number, int64_t expires_at_s)
{
    char text[32];
    struct principal principal = {.expires_at_s = expires_at_s};
    snprintf(principal.name, sizeof principal.name, "user %d", number);
    token_cache_put(cache, token_of(text, number), TOKEN_ACCESS, &principal);
}

static const struct principal *find(int number, int64_t now_s)
{
    char text[32];
    return token_cache_find(cache, token_of(text, number), TOKEN_ACCESS, now_s);
}

static void test_a_token_finds_its_own_principal(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        put(i, 100);
    }
    for (int i = 0; i < 1000; i++) {
        char name[32];
        snprintf(name, sizeof name, "user %d", i);
        assert_string_equal(find(i, 0)->name, name);
    }
    assert_null(find(1000, 0));
}

static void test_a_prefix_or_longer_token_is_another(void **state)
{
    (void)state;
    char text[32];
    put(12, 100);
    struct bytes token = token_of(text, 12);
    token.len--;
    assert_null(token_cache_find(cache, token, TOKEN_ACCESS, 0));
    text[token.len + 1] = '\0';
    token.len += 2;
    assert_null(token_cache_find(cache, token, TOKEN_ACCESS, 0));
}

static void test_expiry_drops_the_entry(void **state)
{
    (void)state;
    put(1, 100);
    assert_non_null(find(1, 99));
    assert_null(find(1, 100));
    assert_null(find(1, 0)); /* really gone, not only hidden */
}

static void test_another_use_is_not_found(void **state)
{
    (void)state;
    char text[32];
    put(1, 100);
    assert_null(token_cache_find(cache, token_of(text, 1), TOKEN_REFRESH, 0));
    assert_non_null(find(1, 0));
}

static void test_clear_forgets_everything(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        put(i, 100);
    }
    token_cache_clear(cache);
    for (int i = 0; i < 100; i++) {
        assert_null(find(i, 0));
    }
}

static void test_the_cache_never_holds_more_than_its_bound(void **state)
{
    (void)state;
    int kept = 0;
    for (int i = 0; i < 4 * TOKEN_CACHE_MAX; i++) {
        put(i, 100);
    }
    for (int i = 0; i < 4 * TOKEN_CACHE_MAX; i++) {
        kept += find(i, 0) != NULL;
    }
    assert_true(kept <= TOKEN_CACHE_MAX);
    assert_true(kept > TOKEN_CACHE_MAX * 9 / 10);
}

static void test_what_is_used_stays_when_the_cache_overflows(void **state)
{
    (void)state;
    put(0, 100);
    for (int i = 1; i < 4 * TOKEN_CACHE_MAX; i++) {
        put(i, 100);
        assert_non_null(find(0, 0));
    }
}

static void test_putting_a_token_twice_keeps_one(void **state)
{
    (void)state;
    put(1, 100);
    put(1, 200);
    assert_int_equal(find(1, 0)->expires_at_s, 100);
}

#define WITH_CACHE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CACHE(test_a_token_finds_its_own_principal),
        WITH_CACHE(test_a_prefix_or_longer_token_is_another),
        WITH_CACHE(test_expiry_drops_the_entry),
        WITH_CACHE(test_another_use_is_not_found),
        WITH_CACHE(test_clear_forgets_everything),
        WITH_CACHE(test_the_cache_never_holds_more_than_its_bound),
        WITH_CACHE(test_what_is_used_stays_when_the_cache_overflows),
        WITH_CACHE(test_putting_a_token_twice_keeps_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
