-- scope: tenant
--
-- A thread and what was said in it. Run by wardroom.tenant_open in the tenant's schema; @TENANT@ is
-- the tenant, @ROLE@ its role. What people wrote or what names them is in the sealed columns.
-- message can only be read and appended to.

CREATE TABLE thread (
    tenant_id      text NOT NULL DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    id             uuid PRIMARY KEY,
    created_us     bigint NOT NULL,
    created_by     uuid NOT NULL,
    status         smallint NOT NULL,  -- threads.ThreadStatus, and so on for the next three
    waiting_on     smallint NOT NULL,
    severity       smallint NOT NULL,
    tlp            smallint NOT NULL,
    incident_index bytea UNIQUE,       -- keyed blind index of the incident's id
    sealed         bytea NOT NULL,     -- title, incident, creator's name and role
    updated_us     bigint NOT NULL
);

-- Where a thread's stream stands: a cache of what its messages say. Updated once per batch of
-- posts, so half of each page is left free and nothing but the key is indexed (HOT updates).
CREATE TABLE thread_head (
    tenant_id    text NOT NULL DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    thread_id    uuid PRIMARY KEY,
    last_seq     bigint NOT NULL,
    last_us      bigint NOT NULL,
    meta_version bigint NOT NULL,      -- grows with every change of status or participants
    root         bytea NOT NULL,
    frontier     bytea NOT NULL
) WITH (fillfactor = 50);

-- The thread's own key, wrapped by the tenant's: destroying it erases the whole thread.
CREATE TABLE thread_key (
    tenant_id text NOT NULL DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    thread_id uuid PRIMARY KEY,
    wrapped   bytea NOT NULL
);

-- One row per leaf of the thread's tree: seq 1..n without gaps.
CREATE TABLE message (
    tenant_id  text NOT NULL DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    thread_id  uuid NOT NULL,
    seq        bigint NOT NULL,
    kind       smallint NOT NULL,      -- threads.Kind
    leaf_kind  smallint NOT NULL,      -- lib/evidence/leaf.h
    time_us    bigint NOT NULL,
    author_id  uuid NOT NULL,
    client_id  uuid NOT NULL,
    commitment bytea NOT NULL,
    sealed     bytea,                  -- salt || content under the thread's key
    PRIMARY KEY (thread_id, seq),
    UNIQUE (thread_id, author_id, client_id)
);

CREATE TABLE participant (
    tenant_id  text NOT NULL DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    thread_id  uuid NOT NULL,
    user_id    uuid NOT NULL,
    sealed     bytea NOT NULL,         -- name
    role       smallint NOT NULL,      -- auth.Role
    added_us   bigint NOT NULL,
    removed_us bigint,                 -- NULL: takes part
    PRIMARY KEY (thread_id, user_id)
);
CREATE INDEX participant_by_user ON participant (user_id) WHERE removed_us IS NULL;

CREATE TABLE read_mark (
    tenant_id text NOT NULL DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    thread_id uuid NOT NULL,
    user_id   uuid NOT NULL,
    seq       bigint NOT NULL,
    at_us     bigint NOT NULL,
    PRIMARY KEY (thread_id, user_id)
) WITH (fillfactor = 70);

GRANT SELECT, INSERT ON thread, thread_head, thread_key, message, participant, read_mark TO @ROLE@;
GRANT UPDATE ON thread, thread_head, participant, read_mark TO @ROLE@;
