-- scope: database
--
-- What every service's database has, run by db_migrate before the service's own files, each time:
-- every statement is harmless when repeated, and functions are brought up to date. @SERVICE@ is the
-- service's name. Next: lib/db/migrate.c
CREATE SCHEMA IF NOT EXISTS wardroom;
GRANT USAGE ON SCHEMA wardroom TO @SERVICE@_runtime;

-- Every file that has run or, with scope tenant, has been stored for tenants.
CREATE TABLE IF NOT EXISTS wardroom.migration (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON wardroom.migration TO @SERVICE@_runtime;

CREATE TABLE IF NOT EXISTS wardroom.tenant_migration (
    version integer PRIMARY KEY,
    name    text NOT NULL,
    sql     text NOT NULL
);

-- The tenants that have a schema here, and the newest tenant migration each has.
CREATE TABLE IF NOT EXISTS wardroom.tenant (
    tenant_id  text PRIMARY KEY CHECK (tenant_id ~ '^[a-z][a-z0-9_]{1,30}$'),
    version    integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON wardroom.tenant TO @SERVICE@_runtime;

-- Bring a tenant's schema into being and up to date. The runtime login may call it and can do no
-- other DDL; new tenants and migrations therefore share one DDL.
CREATE OR REPLACE FUNCTION wardroom.tenant_open(wanted text) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $function$
DECLARE
    newest  integer := coalesce((SELECT max(version) FROM wardroom.tenant_migration), 0);
    have    integer;
    role    text := '@SERVICE@_t_' || wanted;
    schema  text := 't_' || wanted;
    step    record;
BEGIN
    IF wanted IS NULL OR wanted !~ '^[a-z][a-z0-9_]{1,30}$' THEN
        RAISE EXCEPTION 'not a tenant id' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT version INTO have FROM wardroom.tenant WHERE tenant_id = wanted;
    IF have >= newest THEN
        RETURN;
    END IF;

    -- One at a time for each tenant; whoever waited looks again.
    PERFORM pg_advisory_xact_lock(hashtext('wardroom.tenant_open'), hashtext(wanted));
    SELECT version INTO have FROM wardroom.tenant WHERE tenant_id = wanted;
    IF have >= newest THEN
        RETURN;
    END IF;

    IF have IS NULL THEN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', role);
        END IF;
        EXECUTE format('GRANT %I TO @SERVICE@_runtime', role);
        EXECUTE format('CREATE SCHEMA %I', schema);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', schema, role);
        EXECUTE format('CREATE TABLE %I.tenant_key ('
                       '  tenant_id  text NOT NULL DEFAULT %L CHECK (tenant_id = %2$L),'
                       '  key_id     integer PRIMARY KEY,'
                       '  wrapped    bytea NOT NULL,'
                       '  created_us bigint NOT NULL)', schema, wanted);
        EXECUTE format('GRANT SELECT, INSERT ON %I.tenant_key TO %I', schema, role);
        INSERT INTO wardroom.tenant (tenant_id, version) VALUES (wanted, 0);
        have := 0;
    END IF;

    PERFORM set_config('search_path', schema || ', pg_temp', true);
    FOR step IN
        SELECT version, sql
          FROM wardroom.tenant_migration
         WHERE version > have AND version <= newest
         ORDER BY version
    LOOP
        EXECUTE replace(replace(step.sql, '@TENANT@', wanted), '@ROLE@', role);
    END LOOP;
    UPDATE wardroom.tenant SET version = newest WHERE tenant_id = wanted;
END
$function$;
REVOKE ALL ON FUNCTION wardroom.tenant_open(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wardroom.tenant_open(text) TO @SERVICE@_runtime;
