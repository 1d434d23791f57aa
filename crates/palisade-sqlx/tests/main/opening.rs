//! Opening, reopening, and what cannot be opened.

use std::sync::Arc;
use std::time::Duration;

use palisade_apikey::{KeyStore, Revocation, RevocationReason};
use palisade_sqlx::{OpenError, SqliteKeyStore, SqliteOptions};
use palisade_testkit::key_store::{same_record, sample};
use sqlx::{Connection, Executor};
use tokio::sync::Barrier;

#[tokio::test]
async fn reopening_keeps_everything() {
    let (_folder, path) = crate::new_path();
    let mut record = sample(1);
    let leaked = Revocation { at: record.created, reason: RevocationReason::Leaked };
    {
        let store = crate::open(&path).await;
        store.insert_new(&record).await.unwrap();
        store.revoke(&record.id, leaked).await.unwrap();
        // Dropped without being closed.
    }
    record.revoked = Some(leaked);
    for _ in 0..3 {
        let store = crate::open(&path).await;
        let loaded = store.load(&record.id).await.unwrap().unwrap();
        assert_eq!(same_record(&loaded, &record), Ok(()));
        store.ping().await.unwrap();
        store.close().await;
        assert!(store.ping().await.is_err(), "a closed store is well");
    }
    assert!(!path.with_extension("db-wal").exists(), "the log was tidied away");
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, path) = crate::new_path();
    let store = crate::open(&path).await;
    store.insert_new(&sample(1)).await.unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?} has mode {mode:o}", entry.file_name());
        names.push(entry.file_name());
    }
    assert_eq!(names.len(), 3, "the file, its log and its index: {names:?}");

    // The mode of a file that is there is the operator's business.
    let other = folder.path().join("other.db");
    std::fs::write(&other, "").unwrap();
    std::fs::set_permissions(&other, PermissionsExt::from_mode(0o640)).unwrap();
    crate::open(&other).await;
    assert_eq!(std::fs::metadata(&other).unwrap().permissions().mode() & 0o777, 0o640);
}

#[tokio::test]
async fn each_database_in_memory_is_another() {
    let (a, b) =
        (SqliteKeyStore::in_memory().await.unwrap(), SqliteKeyStore::in_memory().await.unwrap());
    a.insert_new(&sample(1)).await.unwrap();
    assert!(b.load(&sample(1).id).await.unwrap().is_none());
    assert!(a.clone().load(&sample(1).id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn many_can_create_it_at_once() {
    for _ in 0..10 {
        let (_folder, path) = crate::new_path();
        let start = Arc::new(Barrier::new(8));
        let tasks = (0..8).map(|n| {
            let (start, path) = (Arc::clone(&start), path.clone());
            tokio::spawn(async move {
                start.wait().await;
                let store = crate::open(&path).await;
                store.insert_new(&sample(n)).await.unwrap();
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let listed = crate::open(&path).await.list(&sample(0).owner, None, 10).await.unwrap();
        assert_eq!(listed.len(), 8);
    }
}

#[tokio::test]
async fn a_folder_is_refused() {
    let (folder, _) = crate::new_path();
    let error = SqliteKeyStore::open(folder.path()).await.unwrap_err();
    assert!(matches!(error, OpenError::Folder(_)), "{error:?}");
    assert!(error.to_string().contains("give the path of a file in it"), "{error}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_refused() {
    let (folder, path) = crate::new_path();
    std::fs::write(&path, "a file, so no folder").unwrap();
    for path in [folder.path().join("no/keys.db"), path.join("keys.db")] {
        let error = SqliteKeyStore::open(&path).await.unwrap_err();
        assert!(matches!(error, OpenError::Create { .. }), "{error:?}");
        assert!(error.to_string().contains("does its folder exist"), "{error}");
    }
}

/// The superuser may write everywhere, and then there is nothing to test.
#[cfg(unix)]
#[tokio::test]
async fn what_cannot_be_written_is_refused() {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;

    let (folder, path) = crate::new_path();
    crate::open(&path).await.close().await;
    set_permissions(folder.path(), Permissions::from_mode(0o500)).unwrap();
    if write(folder.path().join("probe"), "").is_ok() {
        return;
    }
    let created = SqliteKeyStore::open(folder.path().join("new.db")).await.unwrap_err();
    assert!(matches!(created, OpenError::Create { .. }), "{created:?}");
    let in_folder = SqliteKeyStore::open(&path).await.unwrap_err();
    set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    let file = SqliteKeyStore::open(&path).await.unwrap_err();
    for error in [in_folder, file] {
        assert!(matches!(error, OpenError::NotWritable(_)), "{error:?}");
        assert!(error.to_string().contains("needs to write"), "{error}");
    }
}

#[tokio::test]
async fn a_file_of_another_kind_is_refused_and_left_alone() {
    let (_folder, path) = crate::new_path();
    let text = "these are the notes of somebody ".repeat(300);
    std::fs::write(&path, &text).unwrap();
    let error = SqliteKeyStore::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::NotADatabase(_)), "{error:?}");
    assert!(error.to_string().contains("is not an SQLite database"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (_folder, path) = crate::new_path();
    crate::open(&path).await.close().await;
    let mut stranger = crate::stranger(&path).await;
    stranger.execute("INSERT INTO palisade_migrations (version) VALUES (7)").await.unwrap();
    stranger.close().await.unwrap();
    let error = SqliteKeyStore::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::NewerSchema { found: 7, known: 2 }), "{error:?}");
    assert!(error.to_string().contains("run the newer program"), "{error}");
}

/// A service's own tables, and its own table of migrations, are not ours to meet.
#[tokio::test]
async fn the_service_keeps_its_own_migrations() {
    let (_folder, path) = crate::new_path();
    crate::open(&path).await.close().await;
    let mut stranger = crate::stranger(&path).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'index', 'trigger')
            AND name NOT LIKE 'sqlite_autoindex%' AND name NOT LIKE 'palisade\\_%' ESCAPE '\\'",
    )
    .fetch_all(&mut stranger)
    .await
    .unwrap();
    assert_eq!(tables, Vec::<String>::new());
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing() {
    let (_folder, path) = crate::new_path();
    let mut stranger = {
        std::fs::write(&path, "").unwrap();
        crate::stranger(&path).await
    };
    // In the way of the second index.
    stranger.execute("CREATE TABLE palisade_api_keys_by_scheme (a)").await.unwrap();
    let error = SqliteKeyStore::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Failed(_)), "{error:?}");
    stranger.execute("DROP TABLE palisade_api_keys_by_scheme").await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut stranger)
        .await
        .unwrap();
    assert_eq!(left, 0);
    crate::open(&path).await.insert_new(&sample(1)).await.unwrap();
}

#[tokio::test]
async fn a_locked_database_is_refused_after_a_while() {
    let (_folder, path) = crate::new_path();
    std::fs::write(&path, "").unwrap();
    let mut stranger = crate::stranger(&path).await;
    stranger.execute("CREATE TABLE theirs (a); BEGIN EXCLUSIVE").await.unwrap();
    let options = SqliteOptions::default().busy_timeout(Duration::from_millis(200));
    let opening = SqliteKeyStore::open_with(&path, options);
    let error = tokio::time::timeout(Duration::from_secs(5), opening).await.unwrap().unwrap_err();
    assert!(matches!(error, OpenError::Locked(_)), "{error:?}");
    stranger.execute("COMMIT").await.unwrap();
    SqliteKeyStore::open_with(&path, options).await.unwrap();
}
