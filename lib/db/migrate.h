/* Migrations: numbered SQL files compiled into their program (cmake/embed-sql).
 *
 * The first line of a file says its scope: `-- scope: database` runs once as the service's owner;
 * `-- scope: tenant` is kept in wardroom.tenant_migration and run for every tenant, now and when a
 * tenant is first opened, by one SECURITY DEFINER function, so tenants and migrations share one
 * DDL. In tenant files @TENANT@ stands for the tenant id and @ROLE@ for its role.
 * lib/db's own base (schema `wardroom`, the functions, tenant_key) runs first, as version 0.
 * Next: tenant_key.h
 */
#ifndef WARDROOM_DB_MIGRATE_H
#define WARDROOM_DB_MIGRATE_H

#include "core/status.h"

struct schema_file {
    const char *name; /* "0001_create_threads"; NULL ends the table */
    const char *sql;
};
extern const struct schema_file schema_files[]; /* of the program, made by wardroom_schema() */

/* Run what is missing, as the migrator login, under an advisory lock; prints a line per step on
 * stdout. `service` names the owner role to become. */
MUST_CHECK enum status db_migrate(const char *conninfo, const char *service,
                                  const struct schema_file *files);
/* Is the database at exactly the version this program knows? CONFLICT: older or newer. */
struct db;
MUST_CHECK enum status db_check_version(struct db *db, const struct schema_file *files);

#endif
