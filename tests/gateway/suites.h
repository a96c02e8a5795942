/* The four test files of one program. */
#ifndef WARDROOM_TESTS_GATEWAY_SUITES_H
#define WARDROOM_TESTS_GATEWAY_SUITES_H

int run_outbox_tests(void);
int run_thread_list_tests(void);
int run_fairness_tests(void);
/* Does `text` hold `seq` numbers from..to in this order, each once, and no other? */
void assert_seqs(const char *text, long from, long to);

#endif
