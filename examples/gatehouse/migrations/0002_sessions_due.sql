-- Whether the sessions of a user are still to be ended after a change of the password. It is set in the
-- statement that stores the new hash and cleared once they are ended, so a process that dies in between
-- leaves word of it.
ALTER TABLE users ADD COLUMN sessions_due INTEGER NOT NULL DEFAULT 0 CHECK (sessions_due IN (0, 1));

CREATE INDEX users_sessions_due ON users (id) WHERE sessions_due = 1;
