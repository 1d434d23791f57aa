//! What the schema refuses to any program, and rows that cannot be right.

use palisade_session::{Others, SessionLimit, SessionRecord, SessionStore, Touch, Written};
use palisade_sqlx::CorruptRow;
use palisade_testkit::session_store::{same_session, sample};
use sqlx::Connection;

use super::{always, begin, open, run, signed_out};

const COLUMNS: &str = "user_id, generation, digest, created_at, last_seen_at, address, user_agent,
    device, factors";

/// The statements that would bring a session back, change whose it is, or overwrite a row.
fn forbidden() -> Vec<String> {
    let on_session = [
        // Endings. Session 1 has ended.
        "ended_at = NULL, ended_reason = NULL",
        "ended_at = NULL",
        "ended_at = ended_at + 1",
        "ended_at = ended_at - 1",
        "ended_reason = NULL",
        "ended_reason = 'administrator'",
        // What a session is.
        "id = 'renamed'",
        "id = 'ses_000002'",
        "user_id = 'usr_2'",
        "generation = generation + 1",
        "generation = generation - 1",
        "digest = NULL",
        "digest = randomblob(32)",
        "created_at = created_at + 1",
        "created_at = 0",
        "device = NULL",
        "user_agent = 'x'",
        "factors = 'password:253402300799999999'",
        // The last use.
        "last_seen_at = last_seen_at - 1",
        "last_seen_at = 0",
        // What is no value of the column.
        "last_seen_at = NULL",
        "last_seen_at = 253402300800000000",
        "last_seen_at = 'now'",
        "address = ''",
    ];
    let mut all: Vec<String> = on_session
        .iter()
        .flat_map(|set| {
            ["UPDATE", "UPDATE OR REPLACE", "UPDATE OR IGNORE"]
                .map(|verb| format!("{verb} palisade_sessions SET {set} WHERE id = 'ses_000001'"))
        })
        .collect();
    for verb in ["INSERT", "INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"] {
        // The same session without its ending.
        all.push(format!(
            "{verb} INTO palisade_sessions (id, {COLUMNS})
            SELECT id, {COLUMNS} FROM palisade_sessions WHERE id = 'ses_000001'"
        ));
        // A session of a generation that is over, and of one to come.
        for generation in ["generation - 1", "generation + 1", "0"] {
            let columns = COLUMNS.replace("generation", generation);
            all.push(format!(
                "{verb} INTO palisade_sessions (id, {COLUMNS})
                SELECT 'new', {columns} FROM palisade_sessions WHERE id = 'ses_000002'"
            ));
        }
        all.push(format!("{verb} INTO palisade_session_everyone VALUES (1, 0)"));
        all.push(format!("{verb} INTO palisade_session_everyone VALUES (2, 0)"));
        all.push(format!("{verb} INTO palisade_session_users VALUES ('usr_1', 0)"));
        all.push(format!("{verb} INTO palisade_session_users VALUES ('usr_9', -1)"));
    }
    all.push(format!(
        "INSERT INTO palisade_sessions (id, {COLUMNS})
        SELECT id, {COLUMNS} FROM palisade_sessions WHERE id = 'ses_000001'
        ON CONFLICT (id) DO UPDATE SET ended_at = NULL, ended_reason = NULL"
    ));
    for set in ["generation - 1", "0", "NULL", "-1", "9223372036854775807"] {
        all.push(format!("UPDATE palisade_session_everyone SET generation = {set}"));
        all.push(format!("UPDATE OR REPLACE palisade_session_users SET generation = {set}"));
    }
    all.push("UPDATE palisade_session_users SET user_id = 'usr_7'".to_owned());
    all.push("UPDATE palisade_session_everyone SET only_row = 2".to_owned());
    all.push("DELETE FROM palisade_session_users".to_owned());
    all.push("DELETE FROM palisade_session_everyone".to_owned());
    all
}

#[tokio::test]
async fn nothing_is_brought_back_by_any_statement() {
    let (_folder, path) = crate::new_path();
    let store = open(&path).await;
    store.revoke_everyone(signed_out()).await.unwrap();
    store.revoke_user(&sample(1).user, signed_out()).await.unwrap();
    store.revoke_user(&sample(1).user, signed_out()).await.unwrap();
    let first = begin(&store, 1).await;
    let second = begin(&store, 2).await;
    store.revoke(&first.user, &first.id, signed_out()).await.unwrap();
    let first = SessionRecord { ended: Some(signed_out()), ..first };

    let mut stranger = crate::stranger(&path).await;
    for sql in forbidden() {
        let result = run(&mut stranger, &sql).await;
        // OR IGNORE may turn a CHECK into silence; nothing may change all the same.
        assert!(result.is_err() || sql.contains("OR IGNORE"), "was accepted: {sql}");
        for record in [&first, &second] {
            let stored = store.load(&record.id).await.unwrap().unwrap();
            assert_eq!(same_session(&stored.record, record), Ok(()), "after {sql}");
            assert_eq!(stored.user_generation, 3, "after {sql}");
        }
        assert!(store.load(&"new".parse().unwrap()).await.unwrap().is_none(), "after {sql}");
    }
    stranger.close().await.unwrap();
}

#[tokio::test]
async fn what_is_allowed_is_allowed_to_any_program() {
    let (_folder, path) = crate::new_path();
    let store = open(&path).await;
    begin(&store, 1).await;
    let mut stranger = crate::stranger(&path).await;
    for sql in [
        "UPDATE palisade_sessions SET last_seen_at = last_seen_at + 1, address = '::1'",
        "UPDATE palisade_sessions SET ended_at = 5, ended_reason = 'administrator'",
        // Changes nothing, so there is nothing to refuse.
        "UPDATE palisade_sessions SET ended_at = ended_at, user_id = user_id",
        "UPDATE palisade_session_everyone SET generation = generation + 1",
        "INSERT INTO palisade_session_users VALUES ('usr_1', 0)",
        "UPDATE palisade_session_users SET generation = generation + 1",
        "DELETE FROM palisade_sessions",
    ] {
        run(&mut stranger, sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
    assert_eq!(store.generation(&sample(1).user).await.unwrap(), 2);
}

/// An operator may raise a generation by hand; the sessions of it are dead at once, though nobody marked
/// them as ended.
#[tokio::test]
async fn a_generation_that_is_raised_by_hand_ends_sessions() {
    for sql in [
        "UPDATE palisade_session_everyone SET generation = generation + 1",
        "INSERT INTO palisade_session_users VALUES ('usr_1', 1)",
    ] {
        let (_folder, path) = crate::new_path();
        let store = open(&path).await;
        let record = begin(&store, 1).await;
        run(&mut crate::stranger(&path).await, sql).await.unwrap();

        let (user, now) = (&record.user, record.created);
        let touch = Touch { at: record.last_seen, address: None };
        for generation in [0, 1] {
            let touched = store.touch_if_live(&record.id, generation, touch).await.unwrap();
            assert_eq!(touched, Written::Gone);
            let new = SessionRecord { generation, ..sample(2) };
            let rotated = store.rotate(&record.id, &new, Others::Keep, now).await.unwrap();
            assert_eq!(rotated, Written::Gone);
        }
        assert_eq!(store.list(user, &always(), 9).await.unwrap().len(), 0);
        let kept = store.revoke_others(user, &record.id, signed_out()).await.unwrap();
        assert_eq!(kept, None);
        let next = SessionRecord { generation: 1, ..sample(3) };
        let begun = store.insert_new(&next, SessionLimit::refuse(1), &always()).await;
        assert_eq!(begun.unwrap(), [], "a dead session takes a place");
        assert_eq!(store.revoke_user(user, signed_out()).await.unwrap(), 1);
        let stored = store.load(&record.id).await.unwrap().unwrap();
        assert_eq!(same_session(&stored.record, &record), Ok(()));
        assert_eq!(stored.user_generation, 2);
    }
}

/// What only a program that disables the checks can write is an error that names the place, and
/// never the digest.
#[tokio::test]
async fn a_corrupt_row_is_an_error_that_names_the_column() {
    let session = |column, set: &str| (column, format!("UPDATE palisade_sessions SET {set}"));
    let cases = [
        session("user_id", "user_id = 'a b'"),
        session("generation", "generation = -1"),
        session("digest", "digest = x'5ec1'"),
        session("digest", "digest = x''"),
        session("created_at", "created_at = -1"),
        session("last_seen_at", "last_seen_at = 253402300800000000"),
        session("address", "address = '192.0.2.256'"),
        session("address", "address = '192.0.2.1/32'"),
        session("user_agent", "user_agent = char(9)"),
        session("device", "device = ' x'"),
        session("device", "device = CAST(x'ff41' AS TEXT)"),
        session("factors", "factors = 'password'"),
        session("factors", "factors = 'magic:5'"),
        session("factors", "factors = 'password:253402300800000000'"),
        session("factors", "factors = ' password:5'"),
        session("factors", "factors = 'password:05'"),
        session("ended_reason", "ended_at = 1, ended_reason = 'bored'"),
        session("ended_reason", "ended_at = 1"),
        session("ended_at", "ended_reason = 'signed_out'"),
        ("generation", "DELETE FROM palisade_session_everyone".to_owned()),
        ("generation", "UPDATE palisade_session_everyone SET generation = -1".to_owned()),
    ];
    for (column, sql) in cases {
        let (_folder, path) = crate::new_path();
        let store = open(&path).await;
        let record = begin(&store, 1).await;
        let mut stranger = crate::stranger(&path).await;
        let triggers: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
                .fetch_all(&mut stranger)
                .await
                .unwrap();
        for trigger in triggers {
            run(&mut stranger, &format!("DROP TRIGGER {trigger}")).await.unwrap();
        }
        run(&mut stranger, "PRAGMA ignore_check_constraints = ON").await.unwrap();
        run(&mut stranger, &sql).await.unwrap();

        let error = store.load(&record.id).await.expect_err(&sql);
        assert_eq!(error.to_string(), "the session store is not available");
        let cause = std::error::Error::source(&error).unwrap();
        let corrupt = cause.downcast_ref::<CorruptRow>().unwrap_or_else(|| panic!("{cause}"));
        assert_eq!(corrupt.column, column, "{sql}");
        if corrupt.table == "palisade_sessions" {
            assert_eq!(corrupt.id, record.id.as_str(), "{sql}");
            // A list neither leaves a live row out nor shows it.
            let live = !sql.contains("ended_at = ") && !["user_id", "generation"].contains(&column);
            let in_sight = live && column != "created_at";
            let list = store.list(&record.user, &always(), 10).await;
            assert_eq!(list.is_err(), in_sight, "{sql}");
        } else {
            assert_eq!(corrupt.table, "palisade_session_everyone", "{sql}");
            store.generation(&record.user).await.expect_err(&sql);
            store.revoke_user(&record.user, signed_out()).await.expect_err(&sql);
        }
        assert!(!format!("{error} {error:?} {cause}").to_lowercase().contains("5ec1"));
    }
}
