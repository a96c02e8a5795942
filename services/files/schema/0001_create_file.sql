-- scope: tenant
-- What a file is; can only be read and appended to. Its bytes are the object `object_id` of the object
-- store, under the key in file_key.
CREATE TABLE file (
    tenant_id         text NOT NULL DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    file_id           uuid PRIMARY KEY,
    thread_id         uuid NOT NULL,
    uploader_id       uuid NOT NULL,
    object_id         bytea NOT NULL UNIQUE CHECK (octet_length(object_id) = 16),
    size              bigint NOT NULL CHECK (size >= 0),
    name_sealed       bytea NOT NULL,
    media_type_sealed bytea NOT NULL,
    sha256_sealed     bytea NOT NULL,   -- of the plaintext: in the clear it would confirm a guess
    created_us        bigint NOT NULL
);
CREATE INDEX file_thread ON file (thread_id);
GRANT SELECT, INSERT ON file TO "@ROLE@";

-- Apart from file, because destroying its key is what erases a file.
CREATE TABLE file_key (
    tenant_id      text NOT NULL DEFAULT '@TENANT@' CHECK (tenant_id = '@TENANT@'),
    file_id        uuid PRIMARY KEY REFERENCES file,
    wrapped_sealed bytea NOT NULL
);
GRANT SELECT, INSERT ON file_key TO "@ROLE@";
