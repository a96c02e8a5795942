/* Who may do what in a thread, which requests make sense, and ids that follow from others. Pure: no
 * I/O, clock, malloc or log.
 *
 * Next: store.h
 */
#ifndef WARDROOM_THREADS_RULES_H
#define WARDROOM_THREADS_RULES_H

#include "crypto/token.h"
#include "threads.pb-c.h"

/* A field that breaks a rule: JSON pointer and words, both literals. */
struct rule_break {
    const char *pointer, *detail;
};

/* Analysts, admins and auditors see every thread of their tenant; members those they take part in.
 * A thread that one may not see does not exist. */
bool rules_sees_all(enum role role);
bool rules_may_see(enum role role, bool takes_part);
/* May this person say something now? OK; NOT_FOUND: not theirs; CONFLICT: the thread is closed. */
MUST_CHECK enum status rules_may_post(enum role role, bool takes_part, int thread_status);
/* May this person record that they have seen something here? Also in a closed thread: it is a
 * receipt and says nothing new. OK or NOT_FOUND. */
MUST_CHECK enum status rules_may_acknowledge(enum role role, bool takes_part);

/* False: *ret says why. */
bool rules_check_post(const Threads__PostRequest *in, const struct tenant_id *tenant,
                      struct rule_break *ret);
bool rules_check_create(const Threads__CreateRequest *in, struct rule_break *ret);
bool rules_check_patch(const Threads__PatchRequest *in, struct rule_break *ret);
bool rules_check_person(const ProtobufCBinaryData *user_id, const char *name, int role,
                        struct rule_break *ret);
bool rules_check_history(const Threads__HistoryRequest *in, struct rule_break *ret);
bool rules_check_list(const Threads__ListRequest *in, struct rule_break *ret);

/* Which members a PATCH sets, as bits of enum patch_field; names that are none of them are not
 * known to this service and make it false. */
enum patch_field {
    PATCH_TITLE = 1,
    PATCH_STATUS = 2,
    PATCH_WAITING_ON = 4,
    PATCH_SEVERITY = 8,
    PATCH_TLP = 16
};
bool rules_patch_fields(const Threads__PatchRequest *in, unsigned *ret_fields);

/* 0 means the default; false: over the bound. */
bool rules_limit(uint32_t asked, unsigned *ret);

/* May `author` correct this message? Only their own words, and only words. */
bool rules_may_correct(int kind, bool is_author);
/* Is this a kind of message that people acknowledge? What somebody said, not what the system wrote
 * and not an acknowledgement. */
bool rules_is_acknowledgeable(int kind);
/* The client_id of an acknowledgement: the same for ever for a person and a message, so that each
 * is recorded once. UUIDv8 of SHA-256("wardroom/acknowledge/v1\n" thread user seq:u64). */
struct uuid rules_acknowledgement_id(const struct uuid *thread, const struct uuid *user,
                                     int64_t seq);
/* The id of a thread whose creator chose a client_id: UUIDv8 of SHA-256("wardroom/thread/v1\n"
 * user client_id). */
struct uuid rules_thread_id(const struct uuid *user, const struct uuid *client);

#endif
