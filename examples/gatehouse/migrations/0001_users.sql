-- Users: a login name and a hash, never a password.
--
-- Times are microseconds since 1970, up to the end of the year 9999.
--
-- The id is random, so the first rows in its order are a fair sample, the same for every process. It is
-- what the log names a user by.
CREATE TABLE users (
    login         TEXT    NOT NULL PRIMARY KEY
        CHECK (length(login) BETWEEN 3 AND 254 AND login = lower(login)),
    id            TEXT    NOT NULL UNIQUE DEFAULT ('user_' || lower(hex(randomblob(10)))),
    password_hash TEXT    NOT NULL CHECK (length(password_hash) BETWEEN 1 AND 512),
    created_at    INTEGER NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799999999)
) STRICT, WITHOUT ROWID;
