/* The test files of test_gateway_presence. */
#ifndef WARDROOM_TESTS_GATEWAY_PRESENCE_SUITES_H
#define WARDROOM_TESTS_GATEWAY_PRESENCE_SUITES_H

int run_presence_table_tests(void);
int run_circle_tests(void);
int run_typing_tests(void);
int run_read_marks_tests(void);

#endif
