-- scope: tenant
-- The policy in force: a cache of what the leaves of kind 11 say. 0 days: for ever. Nothing here is
-- text that people wrote (a schedule is checked to be digits and cron's signs), so nothing is sealed.
CREATE TABLE policy (
    tenant_id           text PRIMARY KEY DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    messages_days       integer NOT NULL CHECK (messages_days BETWEEN 0 AND 36500),
    files_days          integer NOT NULL CHECK (files_days BETWEEN 0 AND 36500),
    closed_threads_only boolean NOT NULL,
    schedule            text NOT NULL CHECK (length(schedule) BETWEEN 9 AND 100),
    changed_us          bigint NOT NULL,
    changed_by          uuid NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON policy TO "@ROLE@";
