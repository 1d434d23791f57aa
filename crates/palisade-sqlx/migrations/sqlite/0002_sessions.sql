-- Sessions: digests of secrets, never a token.
--
-- As in the first migration: what must not happen is refused here, to every program that opens the file.
-- A row may be deleted, though, as the purge does; and a program that deletes one can insert it again, so
-- that is no protection from a program that means harm;
-- times are microseconds since 1970, up to the end of the year 9999; and WITHOUT ROWID is part of the
-- protection.
--
-- A user's generation is the sum of two numbers, how often all sessions of everyone were ended and how
-- often all of this user's were. Neither shrinks, so no generation comes again.
CREATE TABLE palisade_session_everyone (
    only_row   INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 0 AND 4611686018427387903)
) STRICT, WITHOUT ROWID;

INSERT INTO palisade_session_everyone (only_row, generation) VALUES (1, 0);

-- Users without a row were never ended all at once.
CREATE TABLE palisade_session_users (
    user_id    TEXT    NOT NULL PRIMARY KEY CHECK (length(user_id) BETWEEN 1 AND 128),
    generation INTEGER NOT NULL CHECK (generation BETWEEN 0 AND 4611686018427387903)
) STRICT, WITHOUT ROWID;

CREATE TABLE palisade_sessions (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 32),
    user_id      TEXT    NOT NULL CHECK (length(user_id) BETWEEN 1 AND 128),
    generation   INTEGER NOT NULL CHECK (generation >= 0),
    -- Of an opaque token; NULL for a signed one, whose signature is enough.
    digest       BLOB    CHECK (length(digest) = 32),
    created_at   INTEGER NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799999999),
    last_seen_at INTEGER NOT NULL CHECK (last_seen_at BETWEEN 0 AND 253402300799999999),
    address      TEXT    CHECK (length(address) BETWEEN 2 AND 45),
    -- At most 256 bytes, which may be as many characters.
    user_agent   TEXT    CHECK (length(user_agent) <= 256),
    device       TEXT    CHECK (length(device) BETWEEN 1 AND 100),
    -- Such as password:1795219140000000, with a space between; none is the empty text.
    factors      TEXT    NOT NULL CHECK (length(factors) <= 512),
    ended_at     INTEGER CHECK (ended_at BETWEEN 0 AND 253402300799999999),
    ended_reason TEXT    CHECK (length(ended_reason) BETWEEN 1 AND 32),
    CHECK ((ended_at IS NULL) = (ended_reason IS NULL))
) STRICT, WITHOUT ROWID;

-- For the list of a user and the limit: what lives, in the order in which it is shown.
CREATE INDEX palisade_sessions_by_user ON palisade_sessions (user_id, last_seen_at DESC, id)
    WHERE ended_at IS NULL;

-- For the purge.
CREATE INDEX palisade_sessions_by_creation ON palisade_sessions (created_at);
CREATE INDEX palisade_sessions_by_last_use ON palisade_sessions (last_seen_at);
CREATE INDEX palisade_sessions_by_end ON palisade_sessions (ended_at) WHERE ended_at IS NOT NULL;

-- INSERT OR REPLACE would delete the row in its way unseen.
CREATE TRIGGER palisade_sessions_no_overwrite
BEFORE INSERT ON palisade_sessions
WHEN EXISTS (SELECT 1 FROM palisade_sessions WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'palisade: a session with this id exists');
END;

-- A late save of a session whose user has moved on.
CREATE TRIGGER palisade_sessions_of_this_generation
BEFORE INSERT ON palisade_sessions
WHEN NEW.generation IS NOT (SELECT generation FROM palisade_session_everyone)
    + coalesce((SELECT generation FROM palisade_session_users WHERE user_id = NEW.user_id), 0)
BEGIN
    SELECT RAISE(ABORT, 'palisade: the sessions of the user were ended meanwhile');
END;

-- What a session is does not change: it goes on as another one.
CREATE TRIGGER palisade_sessions_fixed
BEFORE UPDATE ON palisade_sessions
WHEN NEW.id IS NOT OLD.id
    OR NEW.user_id IS NOT OLD.user_id
    OR NEW.generation IS NOT OLD.generation
    OR NEW.digest IS NOT OLD.digest
    OR NEW.created_at IS NOT OLD.created_at
    OR NEW.user_agent IS NOT OLD.user_agent
    OR NEW.device IS NOT OLD.device
    OR NEW.factors IS NOT OLD.factors
BEGIN
    SELECT RAISE(ABORT, 'palisade: only the last use and the ending of a session change');
END;

CREATE TRIGGER palisade_sessions_ended_for_good
BEFORE UPDATE ON palisade_sessions
WHEN OLD.ended_at IS NOT NULL
    AND (NEW.ended_at IS NOT OLD.ended_at OR NEW.ended_reason IS NOT OLD.ended_reason)
BEGIN
    SELECT RAISE(ABORT, 'palisade: an ending is final');
END;

CREATE TRIGGER palisade_sessions_last_use_grows
BEFORE UPDATE ON palisade_sessions
WHEN NEW.last_seen_at < OLD.last_seen_at
BEGIN
    SELECT RAISE(ABORT, 'palisade: the last use never moves back');
END;

-- A smaller generation would bring back what was ended, and so would none.
CREATE TRIGGER palisade_session_everyone_grows
BEFORE UPDATE ON palisade_session_everyone
WHEN NEW.only_row IS NOT OLD.only_row OR NEW.generation < OLD.generation
BEGIN
    SELECT RAISE(ABORT, 'palisade: a generation only grows');
END;

CREATE TRIGGER palisade_session_everyone_is_one
BEFORE INSERT ON palisade_session_everyone
WHEN EXISTS (SELECT 1 FROM palisade_session_everyone)
BEGIN
    SELECT RAISE(ABORT, 'palisade: there is one generation of everyone');
END;

CREATE TRIGGER palisade_session_everyone_stays
BEFORE DELETE ON palisade_session_everyone
BEGIN
    SELECT RAISE(ABORT, 'palisade: a generation is never forgotten');
END;

CREATE TRIGGER palisade_session_users_grow
BEFORE UPDATE ON palisade_session_users
WHEN NEW.user_id IS NOT OLD.user_id OR NEW.generation < OLD.generation
BEGIN
    SELECT RAISE(ABORT, 'palisade: a generation only grows');
END;

CREATE TRIGGER palisade_session_users_no_overwrite
BEFORE INSERT ON palisade_session_users
WHEN EXISTS (SELECT 1 FROM palisade_session_users WHERE user_id = NEW.user_id)
BEGIN
    SELECT RAISE(ABORT, 'palisade: the user has a generation');
END;

CREATE TRIGGER palisade_session_users_stay
BEFORE DELETE ON palisade_session_users
BEGIN
    SELECT RAISE(ABORT, 'palisade: a generation is never forgotten');
END;
