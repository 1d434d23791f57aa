-- API keys: digests, never a key.
--
-- What must not happen is refused here, so that it is refused to every program that opens the file,
-- with whatever pragmas. The rules are triggers and CHECKs; who may change the schema can drop them.
--
-- Times are microseconds since 1970, up to the end of the year 9999.
--
-- WITHOUT ROWID is part of the protection: with a hidden rowid, INSERT OR REPLACE could overwrite a
-- row through it, past the check of id and digest below.
CREATE TABLE palisade_api_keys (
    id             TEXT    NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    owner          TEXT    NOT NULL CHECK (length(owner) BETWEEN 1 AND 128),
    format         TEXT    NOT NULL CHECK (length(format) BETWEEN 1 AND 128),
    environment    TEXT    CHECK (length(environment) BETWEEN 1 AND 128),
    name           TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    -- Scopes in their shortest form, with a space between; none is the empty text.
    scopes         TEXT    NOT NULL CHECK (length(scopes) <= 8192),
    server         TEXT    CHECK (length(server) BETWEEN 1 AND 128),
    digest         BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    digest_scheme  TEXT    NOT NULL CHECK (length(digest_scheme) BETWEEN 1 AND 256),
    last_four      TEXT    NOT NULL CHECK (length(last_four) <= 4),
    created_at     INTEGER NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799999999),
    expires_at     INTEGER CHECK (expires_at BETWEEN 0 AND 253402300799999999),
    last_used_at   INTEGER CHECK (last_used_at BETWEEN 0 AND 253402300799999999),
    use_count      INTEGER NOT NULL CHECK (use_count >= 0),
    revoked_at     INTEGER CHECK (revoked_at BETWEEN 0 AND 253402300799999999),
    revoked_reason TEXT    CHECK (length(revoked_reason) BETWEEN 1 AND 32),
    replaces       TEXT    CHECK (length(replaces) BETWEEN 1 AND 64),
    replaced_by    TEXT    CHECK (length(replaced_by) BETWEEN 1 AND 64),
    CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
) STRICT, WITHOUT ROWID;

-- For the list of an owner, and for the report and the rewrapping of digests.
CREATE INDEX palisade_api_keys_by_owner ON palisade_api_keys (owner, created_at, id);
CREATE INDEX palisade_api_keys_by_scheme ON palisade_api_keys (digest_scheme, id);

-- INSERT OR REPLACE deletes the row in its way, and no DELETE trigger sees that unless the connection
-- asked for recursive triggers. This one runs before.
CREATE TRIGGER palisade_api_keys_no_overwrite
BEFORE INSERT ON palisade_api_keys
WHEN EXISTS (SELECT 1 FROM palisade_api_keys WHERE id = NEW.id OR digest = NEW.digest)
BEGIN
    SELECT RAISE(ABORT, 'palisade: a key with this id or digest exists');
END;

-- UPDATE OR REPLACE does the same to the row that has the new digest.
CREATE TRIGGER palisade_api_keys_no_overwrite_by_digest
BEFORE UPDATE OF digest ON palisade_api_keys
WHEN NEW.digest IS NOT OLD.digest
    AND EXISTS (SELECT 1 FROM palisade_api_keys WHERE digest = NEW.digest)
BEGIN
    SELECT RAISE(ABORT, 'palisade: a key with this digest exists');
END;

-- To delete a revoked key and insert it again would lift its revocation.
CREATE TRIGGER palisade_api_keys_no_delete
BEFORE DELETE ON palisade_api_keys
BEGIN
    SELECT RAISE(ABORT, 'palisade: keys are revoked, not deleted');
END;

-- What a key is does not change: another key is issued instead.
CREATE TRIGGER palisade_api_keys_fixed
BEFORE UPDATE ON palisade_api_keys
WHEN NEW.id IS NOT OLD.id
    OR NEW.owner IS NOT OLD.owner
    OR NEW.format IS NOT OLD.format
    OR NEW.environment IS NOT OLD.environment
    OR NEW.scopes IS NOT OLD.scopes
    OR NEW.server IS NOT OLD.server
    OR NEW.last_four IS NOT OLD.last_four
    OR NEW.created_at IS NOT OLD.created_at
    OR NEW.replaces IS NOT OLD.replaces
BEGIN
    SELECT RAISE(ABORT, 'palisade: only the name, the digest and the state of a key change');
END;

CREATE TRIGGER palisade_api_keys_revoked_for_good
BEFORE UPDATE ON palisade_api_keys
WHEN OLD.revoked_at IS NOT NULL
    AND (NEW.revoked_at IS NOT OLD.revoked_at OR NEW.revoked_reason IS NOT OLD.revoked_reason)
BEGIN
    SELECT RAISE(ABORT, 'palisade: a revocation is final');
END;

CREATE TRIGGER palisade_api_keys_replaced_once
BEFORE UPDATE ON palisade_api_keys
WHEN OLD.replaced_by IS NOT NULL AND NEW.replaced_by IS NOT OLD.replaced_by
BEGIN
    SELECT RAISE(ABORT, 'palisade: a key is replaced once');
END;

CREATE TRIGGER palisade_api_keys_expire_no_later
BEFORE UPDATE ON palisade_api_keys
WHEN OLD.expires_at IS NOT NULL AND (NEW.expires_at IS NULL OR NEW.expires_at > OLD.expires_at)
BEGIN
    SELECT RAISE(ABORT, 'palisade: an expiry only comes sooner');
END;

CREATE TRIGGER palisade_api_keys_usage_grows
BEFORE UPDATE ON palisade_api_keys
WHEN NEW.use_count < OLD.use_count
    OR (OLD.last_used_at IS NOT NULL
        AND (NEW.last_used_at IS NULL OR NEW.last_used_at < OLD.last_used_at))
BEGIN
    SELECT RAISE(ABORT, 'palisade: usage only grows');
END;
