-- scope: tenant
-- A template is its name; what it says is in its versions, which can only be read and appended to.
-- name_index: keyed hash of the name under the tenant's data key.
CREATE TABLE template (
    tenant_id   text NOT NULL DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    template_id uuid PRIMARY KEY,
    name_index  bytea NOT NULL UNIQUE CHECK (octet_length(name_index) = 32),
    retired     boolean NOT NULL DEFAULT false,
    created_us  bigint NOT NULL
);
GRANT SELECT, INSERT ON template TO "@ROLE@";

CREATE TABLE template_version (
    tenant_id      text NOT NULL DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    template_id    uuid NOT NULL REFERENCES template,
    version        integer NOT NULL CHECK (version > 0),
    content_sealed bytea NOT NULL,     -- JSON, see content.h
    tag_indexes    bytea[] NOT NULL,   -- keyed hash of each tag
    created_us     bigint NOT NULL,
    created_by     uuid NOT NULL,
    PRIMARY KEY (template_id, version)
);
GRANT SELECT, INSERT ON template_version TO "@ROLE@";
