/* The files of test_gateway_service share one gateway. */
#ifndef WARDROOM_TESTS_GATEWAY_SERVICE_SUITES_H
#define WARDROOM_TESTS_GATEWAY_SERVICE_SUITES_H

#include "gateway_process.h"

extern struct test_gateway test_gateway;

int run_websocket_tests(void);
int run_tls_tests(void);
int run_limits_tests(void);
/* Last: it stops the gateway. */
int run_stop_tests(void);

#endif
