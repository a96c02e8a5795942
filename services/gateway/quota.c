/* Two buckets for a write, one for a read. Next: guard.h */
#include "quota.h"

#include "core/limits.h"
#include "counters.h"

static const char user_words[] = "you write more often than one person may, retry later";
static const char tenant_words[] = "your tenant asks more often than it may, retry later";

/* Refused writes of one socket: so many are answered, then it is closed. */
static const struct rate_limit refusal_limit = {.per_s = REFUSED_WRITES_PER_S,
                                                .burst = REFUSED_WRITES_BURST};

static struct rate_limit user_limit(const struct gateway *gateway)
{
    int64_t per_s = gateway->settings->user_writes_per_s;
    return (struct rate_limit){.per_s = per_s, .burst = per_s * USER_BURST_S};
}

static struct rate_limit tenant_limit(const struct gateway *gateway)
{
    int64_t per_s = gateway->settings->tenant_requests_per_s;
    return (struct rate_limit){.per_s = per_s, .burst = per_s * TENANT_BURST_S};
}

static struct rate_limit address_limit(const struct gateway *gateway)
{
    int64_t per_s = gateway->settings->sign_ins_per_s;
    return (struct rate_limit){.per_s = per_s, .burst = per_s * SIGN_IN_BURST_S};
}

/* Out of memory for its bucket nobody is refused: what follows will be. */
static uint32_t take(struct rate_table *table, struct bytes key, const struct rate_limit *limit,
                     int64_t now_ms, struct rate_bucket **ret)
{
    *ret = limit->per_s > 0 ? rate_table_get(table, key, limit, now_ms) : NULL;
    return *ret ? rate_take(*ret, limit, now_ms) : 0;
}

/* 0: taken from both buckets; else how long to wait, with the words and the counter. What the
 * tenant's bucket refuses is not the user's fault and goes back into theirs. */
static uint32_t take_both(struct gateway *gateway, const struct principal *who, bool is_write,
                          const char **ret_words, enum counter *ret_counter)
{
    struct rate_limit user = user_limit(gateway), tenant = tenant_limit(gateway);
    struct rate_bucket *users = NULL, *tenants;
    int64_t now_ms = gateway_now_ms(gateway);
    uint32_t wait_ms = 0;
    if (is_write)
        wait_ms = take(&gateway->user_rates, uuid_bytes(&who->user.u), &user, now_ms, &users);
    if (wait_ms > 0) {
        *ret_words = user_words;
        *ret_counter = COUNT_REFUSED_USER_RATE;
        return wait_ms;
    }
    wait_ms = take(&gateway->tenant_rates, bytes_text(who->tenant.text), &tenant, now_ms, &tenants);
    if (wait_ms > 0) {
        if (users)
            rate_give_back(users);
        *ret_words = tenant_words;
        *ret_counter = COUNT_REFUSED_TENANT_RATE;
    }
    return wait_ms;
}

static void refuse(struct exchange *exchange, enum counter counter, const char *words,
                   uint32_t wait_ms)
{
    count(counter);
    exchange_answer_problem(
        exchange, &(struct problem){.status = STATUS_RATE_LIMITED, .detail = words}, wait_ms);
}

bool quota_admits_request(struct exchange *exchange)
{
    const char *words;
    enum counter counter;
    if (exchange->token.len == 0)
        return true;
    bool is_read = exchange->head->method == HTTP_GET || exchange->head->method == HTTP_HEAD;
    uint32_t wait_ms = take_both(exchange->gateway, &exchange->who, !is_read, &words, &counter);
    if (wait_ms > 0)
        refuse(exchange, counter, words, wait_ms);
    return wait_ms == 0;
}

bool quota_admits_sign_in(struct exchange *exchange)
{
    struct gateway *gateway = exchange->gateway;
    struct rate_limit limit = address_limit(gateway);
    struct rate_bucket *bucket;
    uint32_t wait_ms = take(&gateway->address_rates, bytes_text(exchange->head->address), &limit,
                            gateway_now_ms(gateway), &bucket);
    if (wait_ms > 0)
        refuse(exchange, COUNT_REFUSED_SIGN_IN_RATE, "too many sign-ins from your address",
               wait_ms);
    return wait_ms == 0;
}

const char *quota_refuses_write(struct session *session)
{
    const char *words = NULL;
    enum counter counter;
    struct gateway *gateway = session->gateway;
    if (take_both(gateway, session_who(session), true, &words, &counter) == 0)
        return NULL;
    count(counter);
    if (!session->was_refused)
        rate_bucket_init(&session->refusals, &refusal_limit, gateway_now_ms(gateway));
    session->was_refused = true;
    if (rate_take(&session->refusals, &refusal_limit, gateway_now_ms(gateway)) > 0)
        session_close(session, CLOSE_TOO_FAST, "too many posts");
    return words;
}

void quota_sweep(struct gateway *gateway)
{
    struct rate_limit user = user_limit(gateway), tenant = tenant_limit(gateway),
                      address = address_limit(gateway);
    int64_t now_ms = gateway_now_ms(gateway);
    rate_table_sweep(&gateway->user_rates, &user, now_ms);
    rate_table_sweep(&gateway->tenant_rates, &tenant, now_ms);
    rate_table_sweep(&gateway->address_rates, &address, now_ms);
}

void quota_fini(struct gateway *gateway)
{
    rate_table_fini(&gateway->user_rates);
    rate_table_fini(&gateway->tenant_rates);
    rate_table_fini(&gateway->address_rates);
}
