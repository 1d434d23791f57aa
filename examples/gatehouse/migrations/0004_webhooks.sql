-- Webhooks: the endpoints of customers, what is sent to them, and what is received from others.
--
-- Times are microseconds since 1970. No secret is here: that of an endpoint is derived from a master key, of which
-- the id is here, the id of the endpoint, and the version.
CREATE TABLE webhook_endpoints (
    id              TEXT    NOT NULL PRIMARY KEY DEFAULT ('whe_' || lower(hex(randomblob(10)))),
    workspace       TEXT    NOT NULL CHECK (length(workspace) BETWEEN 1 AND 128),
    url             TEXT    NOT NULL CHECK (length(url) BETWEEN 1 AND 2048),
    description     TEXT    NOT NULL CHECK (length(CAST(description AS BLOB)) <= 200),
    -- The types of events between spaces, with one at each end; or `*` for all of them.
    events          TEXT    NOT NULL CHECK (length(events) BETWEEN 1 AND 1000),
    key_id          TEXT    NOT NULL CHECK (length(key_id) BETWEEN 1 AND 32),
    version         INTEGER NOT NULL CHECK (version >= 1),
    -- The secret before, which signs beside the new one for a while.
    old_key_id      TEXT             CHECK (length(old_key_id) BETWEEN 1 AND 32),
    old_version     INTEGER          CHECK (old_version >= 1),
    old_until       INTEGER          CHECK (old_until >= 0),
    created_at      INTEGER NOT NULL CHECK (created_at >= 0),
    -- Since when it is sent to: from the start, or since it was enabled again.
    enabled_at      INTEGER NOT NULL CHECK (enabled_at >= 0),
    disabled_at     INTEGER          CHECK (disabled_at >= 0),
    -- One that is removed is out of everybody's sight, and goes with the last of its deliveries.
    disabled_reason TEXT             CHECK (disabled_reason IN ('gone', 'failing', 'removed')),
    last_success_at INTEGER          CHECK (last_success_at >= 0),
    -- Nothing is sent before: the receiver has more to do than it can.
    hold_until      INTEGER NOT NULL DEFAULT 0 CHECK (hold_until >= 0),
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CHECK ((old_key_id IS NULL) = (old_version IS NULL) AND (old_key_id IS NULL) = (old_until IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_endpoints_workspace ON webhook_endpoints (workspace, created_at, id);
CREATE INDEX webhook_endpoints_removed ON webhook_endpoints (id) WHERE disabled_reason = 'removed';

-- By what a key is known that secrets are derived from: a MAC under it, and nothing that it could be found from. So
-- another key that is given under its id is noticed.
CREATE TABLE webhook_keys (
    key_id TEXT NOT NULL PRIMARY KEY CHECK (length(key_id) BETWEEN 1 AND 32),
    probe  BLOB NOT NULL CHECK (length(probe) = 32)
) STRICT, WITHOUT ROWID;

-- What is sent. The id is the same in each attempt and for each endpoint.
CREATE TABLE webhook_messages (
    id         TEXT    NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 128),
    workspace  TEXT    NOT NULL CHECK (length(workspace) BETWEEN 1 AND 128),
    type       TEXT    NOT NULL CHECK (length(type) BETWEEN 1 AND 64),
    -- The key that an event is about, of which there is one event of each type.
    subject    TEXT             CHECK (length(subject) BETWEEN 1 AND 64),
    payload    TEXT    NOT NULL CHECK (length(CAST(payload AS BLOB)) <= 65536),
    created_at INTEGER NOT NULL CHECK (created_at >= 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_messages_created ON webhook_messages (created_at);
CREATE UNIQUE INDEX webhook_messages_subject ON webhook_messages (type, subject) WHERE subject IS NOT NULL;

-- One message on its way to one endpoint. `at` is when the next attempt is due, or when it was over.
CREATE TABLE webhook_deliveries (
    id          TEXT    NOT NULL PRIMARY KEY DEFAULT ('whd_' || lower(hex(randomblob(10)))),
    message     TEXT    NOT NULL REFERENCES webhook_messages (id),
    endpoint    TEXT    NOT NULL REFERENCES webhook_endpoints (id),
    workspace   TEXT    NOT NULL CHECK (length(workspace) BETWEEN 1 AND 128),
    created_at  INTEGER NOT NULL CHECK (created_at >= 0),
    -- Whether somebody asked for it: a test, or a message once more.
    by_hand     INTEGER NOT NULL DEFAULT 0 CHECK (by_hand IN (0, 1)),
    attempts    INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    state       TEXT    NOT NULL CHECK (state IN ('due', 'delivered', 'gave_up', 'gone')),
    at          INTEGER NOT NULL CHECK (at >= 0),
    why         TEXT             CHECK (length(why) BETWEEN 1 AND 64),
    -- What came of the last attempt: a status or a word, never an address.
    outcome     TEXT             CHECK (length(outcome) BETWEEN 1 AND 64),
    outcome_at  INTEGER          CHECK (outcome_at >= 0),
    -- Who is sending it, and until when nobody else does.
    lease       TEXT             CHECK (length(lease) BETWEEN 1 AND 64),
    lease_until INTEGER          CHECK (lease_until >= 0),
    CHECK ((lease IS NULL) = (lease_until IS NULL)),
    CHECK (lease IS NULL OR state = 'due')
) STRICT, WITHOUT ROWID;

-- One message is due at one endpoint once.
CREATE UNIQUE INDEX webhook_deliveries_once ON webhook_deliveries (message, endpoint) WHERE state = 'due';
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (at) WHERE state = 'due';
CREATE INDEX webhook_deliveries_due_at ON webhook_deliveries (endpoint, at, id) WHERE state = 'due';
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (lease, lease_until, workspace, endpoint)
    WHERE lease IS NOT NULL;
CREATE INDEX webhook_deliveries_by_hand ON webhook_deliveries (endpoint, created_at) WHERE by_hand = 1;
CREATE INDEX webhook_deliveries_of ON webhook_deliveries (endpoint, created_at, id);
CREATE INDEX webhook_deliveries_message ON webhook_deliveries (message);
CREATE INDEX webhook_deliveries_over ON webhook_deliveries (at) WHERE state <> 'due';

-- Changes of keys that are about to be made. The keys are in a store of their own, so the change and its event cannot
-- be one transaction: this row comes before the change and goes with the event. Of a process that died in between it
-- is left, and whoever finds it asks the store of keys what became of the change.
CREATE TABLE webhook_intents (
    id        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    workspace TEXT    NOT NULL CHECK (length(workspace) BETWEEN 1 AND 128),
    change    TEXT    NOT NULL CHECK (change IN ('created', 'rotated', 'revoked')),
    -- The key that is rotated or revoked.
    key_id    TEXT             CHECK (length(key_id) BETWEEN 1 AND 64),
    at        INTEGER NOT NULL CHECK (at >= 0),
    CHECK ((change = 'created') = (key_id IS NULL))
) STRICT;

-- How much there is of each sender, which has a limit: with a million rows nobody counts them for each message. The
-- triggers below keep it true, whoever adds and removes rows.
CREATE TABLE webhook_senders (
    scheme  TEXT    NOT NULL PRIMARY KEY CHECK (length(scheme) BETWEEN 1 AND 64),
    replays INTEGER NOT NULL DEFAULT 0 CHECK (replays >= 0),
    -- Of all bodies that are kept.
    bytes   INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0)
) STRICT, WITHOUT ROWID;

-- By what a received message is known when it comes again. Whole seconds.
CREATE TABLE webhook_replays (
    key     BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    scheme  TEXT    NOT NULL REFERENCES webhook_senders (scheme),
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_replays_expires ON webhook_replays (scheme, expires);

CREATE TRIGGER webhook_replays_more AFTER INSERT ON webhook_replays BEGIN
    UPDATE webhook_senders SET replays = replays + 1 WHERE scheme = new.scheme;
END;

CREATE TRIGGER webhook_replays_less AFTER DELETE ON webhook_replays BEGIN
    UPDATE webhook_senders SET replays = replays - 1 WHERE scheme = old.scheme;
END;

-- What was received, byte for byte.
CREATE TABLE webhook_received (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    scheme      TEXT    NOT NULL REFERENCES webhook_senders (scheme),
    key_id      TEXT    NOT NULL CHECK (length(key_id) BETWEEN 1 AND 32),
    message_id  TEXT             CHECK (length(message_id) BETWEEN 1 AND 128),
    signed_at   INTEGER          CHECK (signed_at >= 0),
    received_at INTEGER NOT NULL CHECK (received_at >= 0),
    body        BLOB    NOT NULL
) STRICT;

CREATE INDEX webhook_received_at ON webhook_received (received_at);

CREATE TRIGGER webhook_received_more AFTER INSERT ON webhook_received BEGIN
    UPDATE webhook_senders SET bytes = bytes + length(new.body) WHERE scheme = new.scheme;
END;

CREATE TRIGGER webhook_received_less AFTER DELETE ON webhook_received BEGIN
    UPDATE webhook_senders SET bytes = bytes - length(old.body) WHERE scheme = old.scheme;
END;
