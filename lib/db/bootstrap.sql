-- One service's database and logins, before its first migration. Run by psql as the superuser,
-- once per service, again at every start: each statement is harmless the second time.
--
--   WARDROOM_MIGRATOR_PASSWORD=... WARDROOM_RUNTIME_PASSWORD=... [WARDROOM_ERASER_PASSWORD=...]
--   psql -v service=threads -f lib/db/bootstrap.sql dbname=postgres
--
-- Passwords come from the environment, never from the command line. The eraser exists where its
-- password is given (threads, files).
--
--   <service>_owner     no login; owns the database; makes the per-tenant roles <service>_t_<tenant>
--   <service>_migrator  login that becomes the owner at once; used by `--migrate` only
--   <service>_runtime   login of the running service; has only what migrations grant it
--   <service>_eraser    login of the one actor that may erase
--
-- Next: lib/db/migrate.c
\set ON_ERROR_STOP on
\set QUIET on
\getenv migrator_password WARDROOM_MIGRATOR_PASSWORD
\getenv runtime_password WARDROOM_RUNTIME_PASSWORD
\getenv eraser_password WARDROOM_ERASER_PASSWORD
\set owner :service _owner
\set migrator :service _migrator
\set runtime :service _runtime
\set eraser :service _eraser
\set database wardroom_ :service

-- A failing ALTER ROLE must not leave its password in the server's log.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET client_min_messages = 'warning';
SET password_encryption = 'scram-sha-256';

SELECT format('CREATE ROLE %I NOLOGIN', name)
  FROM unnest(ARRAY[:'owner', :'migrator', :'runtime']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

ALTER ROLE :"owner" NOLOGIN NOSUPERUSER NOCREATEDB CREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE :"migrator" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
  CONNECTION LIMIT 4 PASSWORD :'migrator_password';
ALTER ROLE :"runtime" LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
  PASSWORD :'runtime_password';
GRANT :"owner" TO :"migrator";

SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

ALTER DATABASE :"database" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"migrator", :"runtime";
-- What the migrator makes belongs to the owner from its first statement on.
ALTER ROLE :"migrator" IN DATABASE :"database" SET role = :'owner';

\if :{?eraser_password}
SELECT format('CREATE ROLE %I NOLOGIN', :'eraser')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'eraser') \gexec
ALTER ROLE :"eraser" LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
  CONNECTION LIMIT 8 PASSWORD :'eraser_password';
GRANT CONNECT ON DATABASE :"database" TO :"eraser";
\endif

\connect :"database"
SET client_min_messages = 'warning';
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
