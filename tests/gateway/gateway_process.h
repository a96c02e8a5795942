/* The real gateway binary under test, without services and Redis: what it refuses by itself needs
 * none. Three free ports, its own folder of keys and certificate, tokens from the test.
 *
 * A step that fails ends the test program, and the gateway with it. */
#ifndef WARDROOM_TESTS_GATEWAY_PROCESS_H
#define WARDROOM_TESTS_GATEWAY_PROCESS_H

#include <stdint.h>
#include <sys/types.h>
#include "support/token.h"

struct test_gateway {
    char dir[64];
    struct test_trust trust;
    uint16_t tls_port, plain_port, ops_port;
    pid_t pid;
};

void test_gateway_start(struct test_gateway *gateway);
/* With more of an environment: NULL-ended NAME=value. */
void test_gateway_start_with(struct test_gateway *gateway, const char *const *more);
/* SIGTERM; the exit code. */
int test_gateway_stop(struct test_gateway *gateway);
/* The exit code of one that has been told to stop. */
int test_gateway_wait(struct test_gateway *gateway);
bool test_gateway_is_alive(const struct test_gateway *gateway);
/* Processor time it has used, in milliseconds. */
long test_gateway_cpu_ms(const struct test_gateway *gateway);
/* The value of wardroom_gateway_refused_total{reason="..."}. */
long test_gateway_refused(const struct test_gateway *gateway, const char *reason);

#endif
