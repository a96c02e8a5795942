-- scope: tenant
-- role: the numbers of enum role in lib/crypto/token.h. The password column holds the encoded
-- argon2id hash, sealed: a stolen dump cannot even be guessed at.
CREATE TABLE account (
    tenant_id       text NOT NULL DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    user_id         uuid PRIMARY KEY,
    username_sealed bytea NOT NULL,
    name_sealed     bytea NOT NULL,
    password_sealed bytea NOT NULL,
    role            smallint NOT NULL CHECK (role BETWEEN 1 AND 5),
    disabled        boolean NOT NULL DEFAULT false,
    created_us      bigint NOT NULL
);
GRANT SELECT, INSERT ON account TO "@ROLE@";

-- One row per sign-in; it is the family of all refresh tokens that descend from that sign-in, of
-- which only the newest is good (refresh_hash).
CREATE TABLE session (
    tenant_id    text NOT NULL DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    session_id   uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES account,
    refresh_hash bytea NOT NULL CHECK (octet_length(refresh_hash) = 32),
    created_us   bigint NOT NULL,
    expires_us   bigint NOT NULL,
    ended_us     bigint
);
CREATE INDEX session_by_user ON session (user_id);
GRANT SELECT, INSERT, UPDATE (refresh_hash, expires_us, ended_us) ON session TO "@ROLE@";
