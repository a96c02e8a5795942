/* Databases for store tests. Next: ../db/test_db.c */
#include "support/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/aead.h"

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "test database: %s failed\n", what);
        exit(1);
    }
}

static bool env_is_there(void)
{
    if (getenv("WARDROOM_TEST_PG") != NULL && getenv("WARDROOM_TEST_PG_HOST") != NULL) {
        return true;
    }
    printf("skipped: no PostgreSQL for tests here (run it by tools/testenv)\n");
    return false;
}

bool test_database_find(const char *service, struct test_database *ret)
{
    if (!env_is_there()) {
        return false;
    }
    const char *host = getenv("WARDROOM_TEST_PG_HOST"), *pass = getenv("WARDROOM_TEST_PASSFILE");
    *ret = (struct test_database){0};
    snprintf(ret->service, sizeof ret->service, "%s", service);
    /* Of a keyword that is there twice the last one counts. */
    snprintf(ret->admin, sizeof ret->admin, "%s dbname=wardroom_%s", getenv("WARDROOM_TEST_PG"),
             service);
    snprintf(ret->migrator, sizeof ret->migrator,
             "host=%s port=5432 dbname=wardroom_%s user=%s_migrator passfile=%s", host, service,
             service, pass);
    snprintf(ret->runtime, sizeof ret->runtime,
             "host=%s port=5432 dbname=wardroom_%s user=%s_runtime passfile=%s", host, service,
             service, pass);
    return true;
}

static void run_bootstrap(const char *service)
{
    char set_service[64];
    snprintf(set_service, sizeof set_service, "service=%s", service);
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        execlp("psql", "psql", "-X", "-q", "-v", set_service, "-f",
               SOURCE_DIR "/lib/db/bootstrap.sql", getenv("WARDROOM_TEST_PG"), (char *)NULL);
        _exit(127);
    }
    int status = 0;
    must(waitpid(child, &status, 0) == child && status == 0, "lib/db/bootstrap.sql");
}

bool test_database_make(const char *service, struct test_database *ret)
{
    uint8_t random[16];
    char password[2 * sizeof random + 1];
    if (!test_database_find(service, ret)) {
        return false;
    }
    random_bytes(random, sizeof random);
    hex_encode(bytes_of(random, sizeof random), password);
    setenv("WARDROOM_MIGRATOR_PASSWORD", password, 1);
    setenv("WARDROOM_RUNTIME_PASSWORD", password, 1);
    run_bootstrap(service);
    const char *host = getenv("WARDROOM_TEST_PG_HOST");
    snprintf(ret->migrator, sizeof ret->migrator,
             "host=%s port=5432 dbname=wardroom_%s user=%s_migrator password=%s", host, service,
             service, password);
    snprintf(ret->runtime, sizeof ret->runtime,
             "host=%s port=5432 dbname=wardroom_%s user=%s_runtime password=%s", host, service,
             service, password);
    return true;
}

struct tenant_id test_tenant_new(const char *name)
{
    struct tenant_id tenant = {0};
    char text[64];
    uint32_t random;
    random_bytes(&random, sizeof random);
    snprintf(text, sizeof text, "%.20s_%08x", name, random);
    must(tenant_id_parse(bytes_text(text), &tenant), "a tenant's name");
    return tenant;
}
