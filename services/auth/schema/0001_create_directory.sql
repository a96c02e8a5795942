-- scope: database
-- What is known of every account without knowing its tenant's key: where it lives. name_index is a
-- keyed hash of the user name, so neither a dump nor another service can tell who has an account.
CREATE TABLE wardroom.directory (
    name_index bytea PRIMARY KEY CHECK (octet_length(name_index) = 32),
    tenant_id  text NOT NULL,
    user_id    uuid NOT NULL UNIQUE,
    region     text NOT NULL
);
GRANT SELECT, INSERT ON wardroom.directory TO auth_runtime;

-- Every tenant of the installation. state: 1 active, 2 suspended.
CREATE TABLE wardroom.registry (
    tenant_id   text PRIMARY KEY CHECK (tenant_id ~ '^[a-z][a-z0-9_]{1,30}$'),
    name_sealed bytea NOT NULL,
    region      text NOT NULL,
    state       smallint NOT NULL DEFAULT 1 CHECK (state IN (1, 2)),
    created_us  bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE (state) ON wardroom.registry TO auth_runtime;

-- Sessions ended before their access tokens. Readers go by xact_id, the transaction that wrote the
-- row: a sequence is taken in another order than transactions commit, so a reader that remembers
-- the highest number could pass one that commits late (store.c, revocation_since).
CREATE TABLE wardroom.revocation (
    session_id uuid PRIMARY KEY,
    user_id    uuid NOT NULL,
    xact_id    bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    at_us      bigint NOT NULL
);
CREATE INDEX revocation_by_xact ON wardroom.revocation (xact_id);
CREATE INDEX revocation_by_time ON wardroom.revocation (at_us);
GRANT SELECT, INSERT, DELETE ON wardroom.revocation TO auth_runtime;
