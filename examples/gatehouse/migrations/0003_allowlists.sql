-- From where a workspace may be reached: networks and labels, in the order in which they were put.
--
-- A workspace is the owner of keys: an organisation, or the id of a user. One without a row, or without
-- entries, is reached from everywhere.
--
-- The version counts the changes of one list, and is what two admins compare. The change counts those of all
-- lists, so that a process asks for whatever came after the last one that it saw. No row is ever deleted:
-- neither number comes back. The number of entries is kept apart from the entries, so that a row that was lost is
-- noticed: with one entry less a list is another list, and with none it would be no restriction at all.
CREATE TABLE allowlists (
    workspace  TEXT    NOT NULL PRIMARY KEY CHECK (length(workspace) BETWEEN 1 AND 128),
    version    INTEGER NOT NULL CHECK (version >= 1),
    change     INTEGER NOT NULL UNIQUE CHECK (change >= 1),
    entries    INTEGER NOT NULL CHECK (entries BETWEEN 0 AND 1000),
    changed_at INTEGER NOT NULL CHECK (changed_at BETWEEN 0 AND 253402300799999999)
) STRICT, WITHOUT ROWID;

CREATE TABLE allowlist_entries (
    workspace TEXT    NOT NULL REFERENCES allowlists (workspace),
    position  INTEGER NOT NULL CHECK (position BETWEEN 1 AND 1000),
    network   TEXT    NOT NULL CHECK (length(network) BETWEEN 2 AND 64),
    label     TEXT    NOT NULL CHECK (length(CAST(label AS BLOB)) <= 200),
    PRIMARY KEY (workspace, position)
) STRICT, WITHOUT ROWID;
