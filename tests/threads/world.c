/* Next: test_posts.c */
#include "world.h"

#include <stdio.h>

struct test_database base;
struct fake_actor writer, second_writer, reader;
struct principal analyst, member, outsider, admin, auditor, stranger;
struct uuid foreign_thread;

bool world_open(void)
{
    if (!test_database_find("threads", &base)) {
        return false;
    }
    assert_int_equal(db_migrate(base.migrator, "threads", schema_files), OK);
    fake_actor_open(&writer, &base, false);
    fake_actor_open(&second_writer, &base, false);
    fake_actor_open(&reader, &base, true);
    analyst = fake_person("acme_tests", "Dana Reyes", ROLE_ANALYST);
    member = fake_person("acme_tests", "Sam Okoro", ROLE_MEMBER);
    outsider = fake_person("acme_tests", "Lee Park", ROLE_MEMBER);
    admin = fake_person("acme_tests", "Ada Admin", ROLE_ADMIN);
    auditor = fake_person("acme_tests", "Aud Itor", ROLE_AUDITOR);
    stranger = fake_person("globex_tests", "Eve Else", ROLE_ADMIN);
    foreign_thread = make_thread_by(&stranger, "Globex's own affair", NULL);
    say(&writer, &stranger, &foreign_thread, "nobody else's business");
    return true;
}

void world_close(void)
{
    fake_actor_close(&writer);
    fake_actor_close(&second_writer);
    fake_actor_close(&reader);
}

struct uuid make_thread_by(const struct principal *who, const char *title,
                           const struct principal *guest)
{
    Threads__CreateRequest in = THREADS__CREATE_REQUEST__INIT;
    Threads__Participant person = THREADS__PARTICIPANT__INIT, *people[] = {&person};
    ProtobufCBinaryData ids[1];
    in.title = (char *)(uintptr_t)title;
    in.severity = THREADS__SEVERITY__SEVERITY_HIGH;
    if (guest != NULL) {
        person.user_id = uuid_field(&guest->user.u);
        person.name = (char *)(uintptr_t)guest->name;
        person.role = (Auth__Role)guest->role;
        ids[0] = person.user_id;
        in.n_participants_uuids = in.n_participants_filled = 1;
        in.participants_uuids = ids;
        in.participants_filled = people;
    }
    struct fake_call *fake = fake_run(&writer, who, "Create", &in.base);
    if (fake->status != OK) {
        fail_msg("create: %s %s", fake->detail, db_last_error(writer.db));
    }
    struct uuid id;
    memcpy(id.b, ((Threads__Thread *)fake->reply)->id.data, sizeof id.b);
    fake_free(fake);
    return id;
}

struct uuid make_thread(const char *title)
{
    return make_thread_by(&analyst, title, &member);
}

void posting_init(struct posting *posting, const struct uuid *thread, const char *body)
{
    threads__post_request__init(&posting->in);
    posting->client = uuid_new();
    posting->in.thread_id = uuid_field(thread);
    posting->in.client_id = uuid_field(&posting->client);
    posting->in.body = (char *)(uintptr_t)body;
}

int64_t say(struct fake_actor *actor, const struct principal *who, const struct uuid *thread,
            const char *body)
{
    struct posting posting;
    posting_init(&posting, thread, body);
    struct fake_call *fake = fake_run(actor, who, "Post", &posting.in.base);
    if (fake->status != OK) {
        fail_msg("post: %s %s %s", fake->pointer, fake->detail, db_last_error(actor->db));
    }
    int64_t seq = ((Threads__PostReply *)fake->reply)->message->seq;
    fake_free(fake);
    return seq;
}

enum status status_of(struct fake_actor *actor, const struct principal *who, const char *method,
                      const ProtobufCMessage *in)
{
    struct fake_call *fake = fake_run(actor, who, method, in);
    enum status status = fake->status;
    fake_free(fake);
    return status;
}

Threads__GetRequest get_request(const struct uuid *thread)
{
    Threads__GetRequest in = THREADS__GET_REQUEST__INIT;
    in.thread_id = uuid_field(thread);
    return in;
}

bool verified(const struct uuid *thread, char detail[160])
{
    Threads__GetRequest in = get_request(thread);
    struct fake_call *fake = fake_run(&reader, &auditor, "Verify", &in.base);
    assert_int_equal(fake->status, OK);
    Threads__VerifyReply *reply = (Threads__VerifyReply *)fake->reply;
    bool ok = reply->ok;
    if (detail != NULL) {
        snprintf(detail, 160, "%s", reply->detail);
    }
    fake_free(fake);
    return ok;
}

void tamper(const char *sql)
{
    static const struct db_stmt no_role = {"no_role", "SELECT set_config('role', 'none', true)"};
    struct db_stmt stmt = {"tamper", sql};
    struct db *db;
    struct tenant_tx *tx;
    assert_int_equal(db_open(base.admin, "threads", &db), OK);
    assert_int_equal(tenant_tx_begin(db, false, &tx), OK);
    assert_int_equal(tenant_tx_enter(tx, &analyst.tenant), OK);
    assert_int_equal(tenant_tx_run(tx, &no_role, NULL, 0, NULL), OK);
    if (tenant_tx_run(tx, &stmt, NULL, 0, NULL) != OK) {
        fail_msg("%s: %s", sql, db_last_error(db));
    }
    assert_int_equal(tenant_tx_commit(tx), OK);
    db_close(db);
}
