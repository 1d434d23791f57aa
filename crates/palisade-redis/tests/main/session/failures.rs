//! A server that cannot answer, or will not: the store says which, and never that there is no session.

use std::time::Duration;

use palisade_redis::RedisSessionStore;
use palisade_session::{
    EndReason, Others, SessionLimit, SessionRecord, SessionStore, StoreError, Touch, Written,
};
use palisade_testkit::servers::RedisServer;
use palisade_testkit::session_store::{same_session, sample};

use super::{
    Scene, always, begin, draft, is_live, many, of_store, open_for, reason, signed_out, user,
};
use crate::support::{eventually, rights};

/// What every call answers. All of them have to fail.
async fn all_fail(store: &RedisSessionStore, record: &SessionRecord) -> Vec<StoreError> {
    let mut errors = vec![
        store.generation(&record.user).await.unwrap_err(),
        store.load(&record.id).await.unwrap_err(),
        store.load(&"unknown".parse().unwrap()).await.unwrap_err(),
        store.list(&record.user, &always(), 9).await.unwrap_err(),
        store.ping().await.unwrap_err(),
    ];
    errors.extend(writes_fail(store, record).await);
    errors.push(store.revoke_user(&record.user, signed_out()).await.unwrap_err());
    errors.push(store.revoke_everyone(signed_out()).await.unwrap_err());
    errors.push(store.purge(&super::never(), 9).await.unwrap_err());
    errors
}

async fn writes_fail(store: &RedisSessionStore, record: &SessionRecord) -> Vec<StoreError> {
    let new = SessionRecord { id: "new".parse().unwrap(), ..record.clone() };
    let touch = Touch { at: record.last_seen + Duration::from_secs(1), address: None };
    let rotated = store.rotate(&record.id, &new, Others::Keep, record.created).await;
    vec![
        of_store(store.insert_new(&new, many(), &always()).await.unwrap_err()),
        of_store(rotated.unwrap_err()),
        store.touch_if_live(&record.id, record.generation, touch).await.unwrap_err(),
        store.revoke(&record.user, &record.id, signed_out()).await.unwrap_err(),
    ]
}

#[track_caller]
fn are_all(errors: &[StoreError], expected: &str) {
    for error in errors {
        assert_eq!(reason(error), expected, "{error:?}");
        assert_eq!(error.to_string(), "the session store is not available");
    }
}

async fn is_untouched(store: &RedisSessionStore, record: &SessionRecord) {
    let stored = store.load(&record.id).await.unwrap().unwrap();
    assert_eq!(same_session(&stored.record, record), Ok(()));
    assert_eq!(stored.user_generation, record.generation);
    assert!(store.load(&"new".parse().unwrap()).await.unwrap().is_none());
    assert_eq!(store.list(&record.user, &always(), 9).await.unwrap().len(), 1);
}

/// Where memory is full nobody signs in, and everybody can still be signed out.
#[tokio::test]
async fn a_full_memory_refuses_sign_ins_alone() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    let store = &scene.store;
    let one = begin(store, user(1), 1).await;
    for n in 2..=6 {
        begin(store, user(1), n).await;
    }
    let new = draft(store, user(1), 9).await;
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]);

    // Also where the limit would end another session for it.
    let one_at_most = SessionLimit::end_least_recently_used(1);
    for limit in [many(), one_at_most] {
        let refused = of_store(store.insert_new(&new, limit, &always()).await.unwrap_err());
        assert_eq!(reason(&refused), "redis_out_of_memory");
        assert!(store.load(&new.id).await.unwrap().is_none());
        assert_eq!(store.list(&user(1), &always(), 9).await.unwrap().len(), 6, "half an insertion");
    }

    let touch = Touch { at: one.last_seen + Duration::from_secs(1), address: None };
    let touched = store.touch_if_live(&one.id, one.generation, touch).await.unwrap();
    assert_eq!(touched, Written::Done);
    store.revoke(&user(1), &sample(2).id, signed_out()).await.unwrap();
    assert_eq!(
        store.revoke_others(&user(1), &one.id, signed_out()).await.unwrap(),
        Some(4),
        "without memory"
    );
    let next = SessionRecord { id: sample(7).id, generation: one.generation + 1, ..one.clone() };
    let end = Others::End(EndReason::PasswordChanged);
    assert_eq!(store.rotate(&one.id, &next, end, one.created).await.unwrap(), Written::Done);
    assert!(is_live(store, &next.id).await.unwrap());
    assert_eq!(store.revoke_user(&user(1), signed_out()).await.unwrap(), 1);
    assert_eq!(store.revoke_user(&user(2), signed_out()).await.unwrap(), 0);
    assert_eq!(store.revoke_everyone(signed_out()).await.unwrap(), 0);
    for n in 1..=7 {
        assert!(!is_live(store, &sample(n).id).await.unwrap(), "{n}");
    }
    assert_eq!(store.purge(&super::never(), 99).await.unwrap(), 7);
    redis.command(&["CONFIG", "SET", "maxmemory", "0"]);
    begin(store, user(1), 9).await;
}

/// A replica could have missed an ending: nothing is read from it.
#[tokio::test]
async fn a_replica_is_not_asked() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    let record = begin(&scene.store, user(1), 1).await;
    // Nobody is there to be followed, so it keeps what it has.
    redis.command(&["REPLICAOF", "127.0.0.1", "1"]);
    are_all(&all_fail(&scene.store, &record).await, "redis_read_only");
    // Nor is it believed when there is nothing to write.
    let (store, unknown) = (&scene.store, "unknown".parse().unwrap());
    let touch = Touch { at: record.last_seen, address: None };
    let stale = SessionRecord { id: unknown, generation: 0, ..record.clone() };
    let one_at_most = SessionLimit::refuse(1);
    let full = SessionRecord { id: unknown, ..record.clone() };
    let rotated = store.rotate(&unknown, &record, Others::Keep, record.created).await;
    let errors = [
        store.touch_if_live(&unknown, record.generation, touch).await.unwrap_err(),
        store.touch_if_live(&record.id, record.generation, touch).await.unwrap_err(),
        store.revoke(&record.user, &unknown, signed_out()).await.unwrap_err(),
        store.revoke_others(&record.user, &unknown, signed_out()).await.unwrap_err(),
        of_store(rotated.unwrap_err()),
        of_store(store.insert_new(&record, many(), &always()).await.unwrap_err()),
        of_store(store.insert_new(&stale, many(), &always()).await.unwrap_err()),
        of_store(store.insert_new(&full, one_at_most, &always()).await.unwrap_err()),
    ];
    are_all(&errors, "redis_read_only");
    redis.command(&["REPLICAOF", "NO", "ONE"]);
    eventually("the server is a primary", async || scene.store.ping().await.is_ok()).await;
    is_untouched(&scene.store, &record).await;
}

/// A primary without its replicas may be one no longer, and another one has heard of endings since.
#[tokio::test]
async fn a_primary_that_lost_its_replicas_is_not_asked() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    let record = begin(&scene.store, user(1), 1).await;
    redis.command(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    are_all(&all_fail(&scene.store, &record).await, "redis_refused");
    redis.command(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    is_untouched(&scene.store, &record).await;
}

/// A server that cannot save refuses what would be lost, and goes on answering who is signed in.
#[tokio::test]
async fn a_disk_that_fails_is_no_end_of_reading() {
    let redis = RedisServer::with_options(&["--save", "3600 1"]);
    let scene = Scene::on(&redis).await;
    let record = begin(&scene.store, user(1), 1).await;
    let folder = redis.command(&["CONFIG", "GET", "dir"]).lines().last().unwrap().to_owned();
    // A folder in the place of the file.
    std::fs::create_dir_all(format!("{folder}/dump.rdb/x")).unwrap();
    redis.command(&["BGSAVE"]);
    eventually("the save fails", async || {
        redis.command(&["INFO", "persistence"]).contains("rdb_last_bgsave_status:err")
    })
    .await;
    are_all(&writes_fail(&scene.store, &record).await, "redis_refused");
    is_untouched(&scene.store, &record).await;
}

#[tokio::test]
async fn a_user_who_may_not_is_told_so() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    let record = begin(&scene.store, user(1), 1).await;
    for rule in ["-evalsha", "resetkeys"] {
        redis.command(&["ACL", "SETUSER", "default", rule]);
        let error = scene.store.load(&record.id).await.unwrap_err();
        assert_eq!(reason(&error), "redis_not_permitted", "{rule}: {error:?}");
        redis.command(&["ACL", "SETUSER", "default", "+@all", "~*"]);
        is_untouched(&scene.store, &record).await;
    }
}

/// What the README says that a user of the server has to be allowed is enough.
#[tokio::test]
async fn a_user_who_may_what_it_takes_is_enough() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    for rule in rights(&["Every part", "Sessions"]) {
        let rule = rule.replace("gatehouse:", &format!("{}:", scene.namespace));
        redis.command(&rule.split(' ').collect::<Vec<_>>());
    }
    let url = redis.url().replace("redis://", "redis://gatehouse:secret@");
    let store = open_for(&url, &scene.namespace, Duration::from_secs(20)).await;

    let record = begin(&store, user(1), 1).await;
    let limit = SessionLimit::end_least_recently_used(1);
    let second = draft(&store, user(1), 2).await;
    assert_eq!(store.insert_new(&second, limit, &always()).await.unwrap(), [record.id]);
    let touch = Touch { at: second.last_seen + Duration::from_secs(1), address: None };
    store.touch_if_live(&second.id, second.generation, touch).await.unwrap();
    let next = SessionRecord { id: sample(3).id, ..second.clone() };
    let rotated = store.rotate(&second.id, &next, Others::Keep, next.created).await.unwrap();
    assert_eq!(rotated, Written::Done);
    assert_eq!(store.list(&user(1), &always(), 9).await.unwrap().len(), 1);
    begin(&store, user(1), 4).await;
    assert_eq!(store.revoke_others(&user(1), &next.id, signed_out()).await.unwrap(), Some(1));
    store.revoke(&user(1), &next.id, signed_out()).await.unwrap();
    store.revoke_user(&user(1), signed_out()).await.unwrap();
    begin(&store, user(1), 5).await;
    assert_eq!(store.revoke_everyone(signed_out()).await.unwrap(), 1);
    store.ping().await.unwrap();
    // Half of the keys is gone, and the rest has to go.
    scene.command("DEL", "order", &[]);
    assert!(store.load(&next.id).await.unwrap().is_none());
    begin(&store, user(1), 6).await;
    assert_eq!(store.purge(&super::never(), 99).await.unwrap(), 1);
}

/// A key of another program in the place of one of ours: nothing is half done.
#[tokio::test]
async fn a_key_of_another_type_is_refused() {
    let redis = RedisServer::start();
    for kind in ["records", "order", "generations"] {
        let scene = Scene::on(&redis).await;
        let record = begin(&scene.store, user(1), 1).await;
        let (key, aside) = (scene.key(kind), scene.key("aside"));
        redis.command(&["RENAME", &key, &aside]);
        redis.command(&["SET", &key, "a text"]);
        let load = scene.store.load(&record.id).await.unwrap_err();
        assert_eq!(reason(&load), "redis_refused", "{kind}");
        // The end of one session needs no generation.
        if kind != "generations" {
            are_all(&writes_fail(&scene.store, &record).await, "redis_refused");
        }
        redis.command(&["RENAME", &aside, &key]);
        is_untouched(&scene.store, &record).await;
    }
}

#[tokio::test]
async fn a_server_that_stopped_answers_late_or_never() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    let record = begin(&scene.store, user(1), 1).await;
    let store = open_for(&redis.url(), &scene.namespace, Duration::from_millis(200)).await;
    eventually("the server answers in time", async || store.ping().await.is_ok()).await;
    redis.pause();
    let error = store.load(&record.id).await.unwrap_err();
    assert_eq!(reason(&error), "redis_timeout");
    for error in [
        store.generation(&record.user).await.unwrap_err(),
        store.list(&record.user, &always(), 9).await.unwrap_err(),
    ] {
        // There may be no connection any more to wait at.
        assert!(["redis_timeout", "redis_unreachable"].contains(&reason(&error)), "{error:?}");
    }
    redis.resume();
    eventually("the server answers", async || store.ping().await.is_ok()).await;
    is_untouched(&store, &record).await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error_until_it_is_back() {
    let redis = RedisServer::with_options(&["--appendonly", "yes", "--appendfsync", "always"]);
    let scene = Scene::on(&redis).await;
    let record = begin(&scene.store, user(1), 1).await;
    redis.kill();
    are_all(&all_fail(&scene.store, &record).await, "redis_unreachable");
    redis.restart();
    eventually("the server answers", async || scene.store.ping().await.is_ok()).await;
    is_untouched(&scene.store, &record).await;
}
