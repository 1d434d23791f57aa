//! What a call costs the server, in round trips, commands and memory. Nothing here looks at a clock.

use palisade_redis::RedisSessionStore;
use palisade_session::{Horizon, Others, SessionLimit, SessionRecord, SessionStore, Touch, UserId};
use palisade_testkit::servers::RedisServer;
use palisade_testkit::session_store::{same_session, sample};

use super::{Scene, always, begin, draft, is_live, many, never, signed_out, user};

/// How often the server ran a command since the last reset, within scripts or not.
fn calls(redis: &RedisServer, command: &str) -> u64 {
    let statistics = redis.command(&["INFO", "commandstats"]);
    let line = format!("cmdstat_{command}:calls=");
    let counts = statistics.lines().filter_map(|found| found.strip_prefix(&line));
    counts.map(|rest| rest.split(',').next().unwrap().parse::<u64>().unwrap()).sum()
}

fn round_trips(redis: &RedisServer) -> u64 {
    calls(redis, "evalsha") + calls(redis, "eval")
}

#[tokio::test]
async fn each_method_is_one_round_trip() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    let store = &scene.store;
    // So that the server knows each script.
    run_each(store, &user(8), &sample(90)).await;
    let old = begin(store, user(1), 1).await;
    let (one, other) = (begin(store, user(1), 2).await, begin(store, user(1), 3).await);
    let new = draft(store, user(1), 4).await;
    let touch = Touch { at: old.last_seen, address: None };
    let next = SessionRecord { id: sample(5).id, ..old.clone() };
    let is_one = |method: &str| {
        assert_eq!(round_trips(&redis), 1, "{method}");
        redis.command(&["CONFIG", "RESETSTAT"]);
    };
    redis.command(&["CONFIG", "RESETSTAT"]);
    store.generation(&user(1)).await.unwrap();
    is_one("generation");
    let limit = SessionLimit::end_least_recently_used(3);
    assert_eq!(store.insert_new(&new, limit, &always()).await.unwrap(), [old.id]);
    is_one("insert_new");
    store.load(&one.id).await.unwrap().unwrap();
    is_one("load");
    store.touch_if_live(&one.id, one.generation, touch).await.unwrap();
    is_one("touch_if_live");
    store.rotate(&one.id, &next, Others::Keep, old.created).await.unwrap();
    is_one("rotate");
    store.revoke(&user(1), &next.id, signed_out()).await.unwrap();
    is_one("revoke");
    assert_eq!(store.list(&user(1), &always(), 9).await.unwrap().len(), 2);
    is_one("list");
    store.revoke_others(&user(1), &other.id, signed_out()).await.unwrap();
    is_one("revoke_others");
    store.revoke_user(&user(1), signed_out()).await.unwrap();
    is_one("revoke_user");
    store.revoke_everyone(signed_out()).await.unwrap();
    is_one("revoke_everyone");
    store.ping().await.unwrap();
    is_one("ping");
    assert_eq!(store.purge(&never(), 250).await.unwrap(), 6);
    is_one("purge");
}

async fn run_each(store: &RedisSessionStore, user: &UserId, record: &SessionRecord) {
    let touch = Touch { at: record.last_seen, address: None };
    drop(store.touch_if_live(&record.id, 0, touch).await);
    drop(store.rotate(&record.id, record, Others::Keep, record.created).await);
    drop(store.revoke(user, &record.id, signed_out()).await);
    drop(store.revoke_others(user, &record.id, signed_out()).await);
    drop(store.revoke_user(user, signed_out()).await);
    drop(store.revoke_everyone(signed_out()).await);
    drop(store.list(user, &always(), 1).await);
    drop(store.load(&record.id).await);
    drop(store.purge(&always(), 1).await);
    let warm = draft(store, "warm".parse().unwrap(), 91).await;
    store.insert_new(&warm, many(), &always()).await.unwrap();
    store.revoke(&warm.user, &warm.id, signed_out()).await.unwrap();
    store.ping().await.unwrap();
}

/// A server that forgot the scripts is told them again, in the same call.
#[tokio::test]
async fn a_flushed_script_is_loaded_again() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    let store = &scene.store;
    for n in 1..=8 {
        let record = begin(store, user(1), n).await;
        redis.command(&["SCRIPT", "FLUSH"]);
        assert!(is_live(store, &record.id).await.unwrap());
        redis.command(&["SCRIPT", "FLUSH", "ASYNC"]);
        store.revoke(&user(1), &record.id, signed_out()).await.unwrap();
        assert!(!is_live(store, &record.id).await.unwrap());
    }
    redis.command(&["CONFIG", "RESETSTAT"]);
    redis.command(&["SCRIPT", "FLUSH"]);
    store.revoke_everyone(signed_out()).await.unwrap();
    assert_eq!(round_trips(&redis), 2);
}

/// Ending the sessions of everyone costs the same whether there are a few or many.
#[tokio::test]
async fn everyone_is_signed_out_at_the_cost_of_one() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    for n in 0..500 {
        begin(&scene.store, user(n % 100), n).await;
    }
    redis.command(&["CONFIG", "RESETSTAT"]);
    assert_eq!(scene.store.revoke_everyone(signed_out()).await.unwrap(), 500);
    for command in ["hget", "hset", "zadd", "zrem", "zrange", "zscore", "hmget"] {
        assert!(calls(&redis, command) <= 2, "{command}");
    }
    for n in 0..500 {
        let stored = scene.store.load(&sample(n).id).await.unwrap().unwrap();
        assert_eq!(stored.record.ended, Some(signed_out()));
    }
    for (limit, expected) in [(0, 0), (300, 300), (600, 200), (600, 0)] {
        let purged = scene.store.purge(&never(), limit).await.unwrap();
        assert_eq!(purged, expected);
    }
}

/// A user with as many sessions as a policy allows.
#[tokio::test]
async fn a_thousand_sessions_of_one_user() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    let store = &scene.store;
    let most = u64::from(SessionLimit::MAX);
    let first = draft(store, user(1), 0).await;
    for n in 0..most {
        let record = SessionRecord { generation: first.generation, user: user(1), ..sample(n) };
        assert_eq!(store.insert_new(&record, many(), &always()).await.unwrap(), []);
    }
    let refuse = SessionLimit::refuse(SessionLimit::MAX);
    let one_more = draft(store, user(1), most).await;
    let refused = store.insert_new(&one_more, refuse, &always()).await;
    assert!(matches!(refused, Err(palisade_session::InsertError::Full)), "{refused:?}");
    assert_eq!(store.insert_new(&one_more, many(), &always()).await.unwrap(), [sample(0).id]);

    let listed = store.list(&user(1), &always(), SessionLimit::MAX).await.unwrap();
    assert_eq!(listed.len(), 1000);
    for (n, record) in (1..=most).rev().zip(&listed) {
        let expected = SessionRecord { generation: first.generation, ..sample(n) };
        assert_eq!(same_session(record, &expected), Ok(()));
    }
    let ended = store.revoke_others(&user(1), &sample(500).id, signed_out()).await.unwrap();
    assert_eq!(ended, Some(999));
    assert_eq!(store.revoke_user(&user(1), signed_out()).await.unwrap(), 1);
    for n in 0..=most {
        assert!(!is_live(store, &sample(n).id).await.unwrap());
    }
}

/// Sessions that nobody has been awake in for long stand in nobody's way until a purge forgets them.
#[tokio::test]
async fn sessions_that_are_over_cost_nothing() {
    const OVER: u64 = 2_500;
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    let store = &scene.store;
    let first = draft(store, user(1), 0).await;
    let of = |n| SessionRecord { generation: first.generation, user: user(1), ..sample(n) };
    // Only the one before is awake, and ends.
    let horizon = |n| Horizon { seen_after: of(n - 2).last_seen, ..always() };
    let one = SessionLimit::end_least_recently_used(2);
    for n in 2..=OVER {
        assert_eq!(store.insert_new(&of(n), one, &horizon(n)).await.unwrap(), []);
    }
    let read = || calls(&redis, "hget");
    redis.command(&["CONFIG", "RESETSTAT"]);
    let limit = SessionLimit::end_least_recently_used(1);
    let ended = store.insert_new(&of(OVER + 1), limit, &horizon(OVER + 1)).await.unwrap();
    assert_eq!(ended, [of(OVER).id]);
    assert_eq!(store.list(&user(1), &horizon(OVER + 1), 9).await.unwrap().len(), 1);
    assert!(read() < 10, "{} records were read", read());
    assert_eq!(store.list(&user(1), &always(), 7).await.unwrap().len(), 7);
    assert!(read() < 20, "{} records were read", read());

    // All end with their generation. Those that were awake last carry the reason.
    assert_eq!(store.revoke_user(&user(1), signed_out()).await.unwrap(), OVER - 1);
    assert!(read() < 1_100, "{} records were read", read());
    for n in [2, 3, OVER - 500, OVER + 1] {
        assert!(!is_live(store, &of(n).id).await.unwrap(), "{n}");
        let ended = store.load(&of(n).id).await.unwrap().unwrap().record.ended;
        assert_eq!(ended, (n > 1_000).then(signed_out), "{n}");
    }
    assert_eq!(store.revoke_user(&user(1), signed_out()).await.unwrap(), 0);
    assert_eq!(store.purge(&never(), u32::MAX).await.unwrap(), OVER);
}

/// Nothing is forgotten by the server itself, and a purge leaves nothing but generations behind.
#[tokio::test]
async fn a_purge_leaves_generations_alone() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    let store = &scene.store;
    for n in 0..600 {
        let record = begin(store, user(n % 7), n).await;
        match n % 5 {
            0 => drop(store.revoke(&record.user, &record.id, signed_out()).await.unwrap()),
            1 => drop(store.revoke_user(&record.user, signed_out()).await.unwrap()),
            2 if n % 100 == 2 => drop(store.revoke_everyone(signed_out()).await.unwrap()),
            3 => {
                let new = SessionRecord { id: sample(1000 + n).id, ..record.clone() };
                store.rotate(&record.id, &new, Others::Keep, record.created).await.unwrap();
            }
            _ => {}
        }
    }
    let kinds = ["records", "order", "generations"];
    assert_eq!(redis.command(&["DBSIZE"]), "3");
    for kind in kinds {
        assert_eq!(scene.command("PTTL", kind, &[]), "-1", "{kind} is forgotten by itself");
    }
    // Every record has three entries, and each time that everyone's ended has one.
    let count = |command, kind| scene.command(command, kind, &[]).parse::<u64>().unwrap();
    assert_eq!(count("HLEN", "records"), 720);
    assert_eq!(count("ZCARD", "order"), 3 * 720 + 6);

    assert_eq!(store.purge(&never(), u32::MAX).await.unwrap(), 720);
    assert_eq!(redis.command(&["KEYS", "*"]), scene.key("generations"));
    assert_eq!(count("HLEN", "generations"), 8, "seven users and everyone");
    assert_eq!(store.purge(&never(), u32::MAX).await.unwrap(), 0);
    // Where nobody is signed in, there is nothing to say about it.
    assert_eq!(store.revoke_everyone(signed_out()).await.unwrap(), 0);
    assert_eq!(redis.command(&["DBSIZE"]), "1");
}

/// No name of a user becomes part of the name of a key, whatever stands in it.
#[tokio::test]
async fn names_stay_out_of_the_names_of_keys() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    let store = &scene.store;
    let names =
        ["}", "{", "{x}", ":sessions:{", "*", "?", "[a]", "\\", "\"'", "'..'", "%s%n", "+0"];
    for (n, name) in (0..).zip(names) {
        let record = begin(store, name.parse().unwrap(), n).await;
        store.revoke_user(&record.user, signed_out()).await.unwrap();
        let record = begin(store, record.user, 100 + n).await;
        let listed = store.list(&record.user, &always(), 9).await.unwrap();
        assert_eq!(listed.len(), 1, "{name}");
        assert_eq!(same_session(&listed[0], &record), Ok(()), "{name}");
    }
    assert_eq!(redis.command(&["DBSIZE"]), "3");
    // The first and the last that a name may be.
    begin(store, "!".parse().unwrap(), 201).await;
    begin(store, "~".repeat(128).parse().unwrap(), 202).await;
    let everyone = store.revoke_everyone(signed_out()).await.unwrap();
    assert_eq!(everyone, u64::try_from(names.len()).unwrap() + 2);
}

/// Two services on one server do not meet.
#[tokio::test]
async fn namespaces_are_apart() {
    let redis = RedisServer::start();
    let (one, other) = (Scene::on(&redis).await, Scene::on(&redis).await);
    let record = begin(&one.store, user(1), 1).await;
    assert!(other.store.load(&record.id).await.unwrap().is_none());
    assert_eq!(other.store.revoke_everyone(signed_out()).await.unwrap(), 0);
    assert_eq!(other.store.purge(&never(), 9).await.unwrap(), 0);
    assert!(is_live(&one.store, &record.id).await.unwrap());
}
