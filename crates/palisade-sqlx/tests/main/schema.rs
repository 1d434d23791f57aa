//! What the schema refuses to any program.

use palisade_apikey::{ApiKeyId, KeyRecord, KeyStore, Revocation, RevocationReason};
use palisade_sqlx::CorruptRow;
use palisade_testkit::key_store::{same_record, sample};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

/// A key in every state that must not be taken back.
fn settled() -> KeyRecord {
    let at = sample(1).created;
    KeyRecord {
        id: "settled".parse().unwrap(),
        expires: Some(at),
        last_used: Some(at),
        use_count: 5,
        revoked: Some(Revocation { at, reason: RevocationReason::Leaked }),
        replaces: Some("before".parse().unwrap()),
        replaced_by: Some("after".parse().unwrap()),
        ..sample(1)
    }
}

const COLUMNS: &str = "owner, format, environment, name, scopes, server, digest_scheme, last_four,
    created_at, expires_at, last_used_at, use_count, revoked_at, revoked_reason, replaces,
    replaced_by";

/// The statements that would take something back, or overwrite a row.
fn forbidden() -> Vec<String> {
    let mut all: Vec<String> = [
        // Revocation.
        "revoked_at = NULL, revoked_reason = NULL",
        "revoked_at = NULL",
        "revoked_at = revoked_at + 1",
        "revoked_at = revoked_at - 1",
        "revoked_reason = NULL",
        "revoked_reason = 'requested'",
        // Lineage.
        "replaced_by = NULL",
        "replaced_by = 'other'",
        "replaces = NULL",
        "replaces = 'other'",
        // Expiry.
        "expires_at = NULL",
        "expires_at = expires_at + 1",
        "expires_at = 253402300799999999",
        // Usage.
        "use_count = use_count - 1",
        "use_count = 0",
        "last_used_at = last_used_at - 1",
        "last_used_at = NULL",
        // What a key is.
        "id = 'renamed'",
        "owner = 'org_2'",
        "format = 'gmk_acct_test'",
        "environment = NULL",
        "scopes = 'admin'",
        "server = 'srv'",
        "last_four = 'aaaa'",
        "created_at = created_at + 1",
        // Another key's place.
        "digest = (SELECT digest FROM palisade_api_keys WHERE id = 'key_000002')",
        "id = 'key_000002'",
        // What is no value of the column.
        "digest = x'00'",
        "digest = zeroblob(33)",
        "digest = 'text'",
        "use_count = 'many'",
        "use_count = 1e30",
        "expires_at = -1",
        "name = ''",
    ]
    .iter()
    .flat_map(|set| {
        ["UPDATE", "UPDATE OR REPLACE", "UPDATE OR IGNORE"]
            .map(|verb| format!("{verb} palisade_api_keys SET {set} WHERE id = 'settled'"))
    })
    .collect();

    for verb in ["INSERT", "INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"] {
        // The same id; the same digest; with the revocation left out.
        for (id, digest) in [("'settled'", "randomblob(32)"), ("'other'", "digest")] {
            let values = COLUMNS.replace("revoked_at", "NULL").replace("revoked_reason", "NULL");
            all.push(format!(
                "{verb} INTO palisade_api_keys (id, digest, {COLUMNS})
                SELECT {id}, {digest}, {values} FROM palisade_api_keys WHERE id = 'settled'"
            ));
        }
    }
    all.push(format!(
        "INSERT INTO palisade_api_keys (id, digest, {COLUMNS})
        SELECT id, digest, {COLUMNS} FROM palisade_api_keys WHERE id = 'settled'
        ON CONFLICT (id) DO UPDATE SET revoked_at = NULL, revoked_reason = NULL"
    ));
    for id in ["'other'", "'settled'"] {
        // Through the number of a row: there is none.
        all.push(format!(
            "INSERT OR REPLACE INTO palisade_api_keys (rowid, id, digest, {COLUMNS})
            SELECT rowid, {id}, randomblob(32), {COLUMNS} FROM palisade_api_keys"
        ));
    }
    all.push("UPDATE OR REPLACE palisade_api_keys SET rowid = 1".to_owned());
    all.push("DELETE FROM palisade_api_keys WHERE id = 'settled'".to_owned());
    all.push("DELETE FROM palisade_api_keys".to_owned());
    all
}

async fn run(connection: &mut SqliteConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.map(drop)
}

async fn unchanged(store: &impl KeyStore, expected: &KeyRecord) -> Result<(), &'static str> {
    match store.load(&expected.id).await.unwrap() {
        Some(record) => same_record(&record, expected),
        None => Err("the row"),
    }
}

#[tokio::test]
async fn nothing_is_taken_back_by_any_statement() {
    let (_folder, path) = crate::new_path();
    let store = crate::open(&path).await;
    store.insert_new(&settled()).await.unwrap();
    store.insert_new(&sample(2)).await.unwrap();

    for reopened in [false, true] {
        if reopened {
            store.close().await;
        }
        let mut stranger = crate::stranger(&path).await;
        let store = crate::open(&path).await;
        for sql in forbidden() {
            let result = run(&mut stranger, &sql).await;
            // OR IGNORE may turn a CHECK into silence; nothing may change all the same.
            assert!(result.is_err() || sql.contains("OR IGNORE"), "was accepted: {sql}");
            for record in [settled(), sample(2)] {
                assert_eq!(unchanged(&store, &record).await, Ok(()), "{} after {sql}", record.id);
            }
        }
        stranger.close().await.unwrap();
        store.close().await;
    }
}

#[tokio::test]
async fn what_is_allowed_is_allowed_to_any_program() {
    let (_folder, path) = crate::new_path();
    let store = crate::open(&path).await;
    store.insert_new(&settled()).await.unwrap();
    store.insert_new(&sample(2)).await.unwrap();
    let mut stranger = crate::stranger(&path).await;
    for sql in [
        "UPDATE palisade_api_keys SET name = 'new', use_count = use_count + 1",
        "UPDATE palisade_api_keys SET expires_at = 0, last_used_at = 253402300799999999",
        "UPDATE palisade_api_keys SET revoked_at = 7, revoked_reason = 'leaked'
            WHERE revoked_at IS NULL",
        "UPDATE palisade_api_keys SET replaced_by = 'next' WHERE replaced_by IS NULL",
        "UPDATE palisade_api_keys SET digest = randomblob(32)",
        // Changes nothing, so there is nothing to refuse.
        "UPDATE palisade_api_keys SET revoked_at = revoked_at, owner = owner",
    ] {
        run(&mut stranger, sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
    let record = store.load(&"settled".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((record.name.as_str(), record.use_count), ("new", 6));
    assert_eq!(record.revoked, settled().revoked);
}

#[tokio::test]
async fn half_a_revocation_is_refused() {
    let (_folder, path) = crate::new_path();
    crate::open(&path).await.insert_new(&sample(1)).await.unwrap();
    let mut stranger = crate::stranger(&path).await;
    for set in ["revoked_at = 1", "revoked_reason = 'leaked'"] {
        let sql = format!("UPDATE palisade_api_keys SET {set}");
        assert!(run(&mut stranger, &sql).await.is_err(), "{set}");
    }
}

/// What only a program that disables the checks can write is an error that names the place, and
/// never the digest.
#[tokio::test]
async fn a_corrupt_row_is_an_error_that_names_the_column() {
    let cases = [
        ("digest", "digest = x'5ec1'"),
        ("digest_scheme", "digest_scheme = 'md5'"),
        ("scopes", "scopes = 'read root'"),
        ("name", "name = ' x'"),
        ("owner", "owner = ''"),
        ("server", "server = 'a b'"),
        ("created_at", "created_at = -1"),
        ("expires_at", "expires_at = 253402300800000000"),
        ("last_used_at", "last_used_at = -5"),
        ("use_count", "use_count = -1"),
        ("revoked_reason", "revoked_at = 1, revoked_reason = 'bored'"),
        ("revoked_reason", "revoked_at = 1"),
        ("revoked_at", "revoked_reason = 'leaked'"),
        ("replaces", "replaces = '?'"),
        ("replaced_by", "replaced_by = ''"),
        ("name", "name = CAST(x'ff41' AS TEXT)"),
    ];
    for (column, set) in cases {
        let (_folder, path) = crate::new_path();
        let store = crate::open(&path).await;
        store.insert_new(&sample(1)).await.unwrap();
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
        run(&mut stranger, &format!("UPDATE palisade_api_keys SET {set}")).await.unwrap();

        let id: ApiKeyId = sample(1).id;
        let error = store.load(&id).await.expect_err(set);
        let cause = std::error::Error::source(&error).unwrap();
        let corrupt = cause.downcast_ref::<CorruptRow>().unwrap_or_else(|| panic!("{cause}"));
        assert_eq!((corrupt.id.as_str(), corrupt.column), (id.as_str(), column), "{set}");
        assert!(!format!("{error} {error:?} {cause}").to_lowercase().contains("5ec1"));
        let page = store.list(&sample(1).owner, None, 10).await;
        assert!(page.is_err() || column == "owner", "a list leaves the row out: {set}");
    }
}
