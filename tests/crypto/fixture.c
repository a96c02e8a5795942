/* Next: test_token.c */
#include "fixture.h"

#include <stdlib.h>

#include "core/clock.h"

struct test_trust trust;
struct token_verifier *verifier;

int set_up(void **state)
{
    (void)state;
    test_trust_open(&trust, NULL);
    verifier = token_verifier_new(trust.dir);
    return verifier == NULL;
}

int tear_down(void **state)
{
    (void)state;
    token_verifier_free(verifier);
    test_trust_close(&trust);
    clock_set_offset_us(0);
    return 0;
}

enum status verify(char *token)
{
    struct principal principal;
    enum status status = token_verify(verifier, bytes_text(token), TOKEN_ACCESS, &principal);
    free(token);
    return status;
}

int64_t now_s(void)
{
    return clock_now_us() / 1000000;
}
