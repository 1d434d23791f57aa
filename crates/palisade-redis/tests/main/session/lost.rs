//! Keys that are gone: evicted, deleted by hand, or with the server that was restarted without its data.
//! Sessions may get lost, but none that was over lives again, and no late sign-in gets in.

use palisade_session::{InsertError, SessionRecord, SessionStore};
use palisade_testkit::servers::{RedisServer, shared_redis};
use palisade_testkit::session_store::sample;

use super::{Scene, always, begin, draft, is_live, many, never, signed_out, user};

/// Sessions that ended in every way there is, some that live, and sign-ins that began before endings.
struct Before {
    over: Vec<SessionRecord>,
    live: Vec<SessionRecord>,
    late: Vec<SessionRecord>,
}

impl Before {
    async fn set_up(scene: &Scene<'_>) -> Self {
        let store = &scene.store;
        let mut over = vec![begin(store, user(1), 1).await, begin(store, user(2), 2).await];
        let mut late = vec![draft(store, user(1), 101).await, draft(store, user(9), 102).await];
        store.revoke_everyone(signed_out()).await.unwrap();

        over.push(begin(store, user(1), 3).await);
        store.revoke(&user(1), &sample(3).id, signed_out()).await.unwrap();
        over.push(begin(store, user(1), 4).await);
        let kept = begin(store, user(1), 5).await;
        store.revoke_others(&user(1), &kept.id, signed_out()).await.unwrap();
        over.push(begin(store, user(2), 6).await);
        late.push(draft(store, user(2), 103).await);
        store.revoke_user(&user(2), signed_out()).await.unwrap();

        let live = vec![kept, begin(store, user(2), 7).await, begin(store, user(3), 8).await];
        let before = Self { over, live, late };
        before.check(scene).await;
        for record in &before.live {
            assert!(is_live(store, &record.id).await.unwrap(), "{}", record.id);
        }
        before
    }

    async fn check(&self, scene: &Scene<'_>) {
        let store = &scene.store;
        for record in &self.over {
            assert!(!is_live(store, &record.id).await.unwrap(), "{} came back", record.id);
        }
        for record in &self.late {
            let inserted = store.insert_new(record, many(), &always()).await;
            assert!(matches!(inserted, Err(InsertError::Stale)), "{}: {inserted:?}", record.id);
        }
        for n in 1..=3 {
            // What is listed lives, and what lives is listed: so that it can be ended.
            let listed = store.list(&user(n), &always(), 99).await.unwrap();
            let of_user =
                self.live.iter().chain(&self.over).filter(|record| record.user == user(n));
            for record in of_user {
                let live = is_live(store, &record.id).await.unwrap();
                let is_listed = listed.iter().any(|listed| listed.id == record.id);
                assert_eq!(is_listed, live, "{}", record.id);
            }
        }
    }

    /// The store goes on: sessions begin and end, and in the end nothing but generations is left.
    async fn go_on(&self, scene: &Scene<'_>) {
        let store = &scene.store;
        self.check(scene).await;
        for n in 1..=3 {
            let new = begin(store, user(n), 200 + n).await;
            assert!(is_live(store, &new.id).await.unwrap());
        }
        self.check(scene).await;
        assert!(store.revoke_user(&user(1), signed_out()).await.unwrap() > 0);
        assert!(store.revoke_everyone(signed_out()).await.unwrap() >= 2);
        for record in &self.live {
            assert!(!is_live(store, &record.id).await.unwrap(), "{} came back", record.id);
        }
        self.check(scene).await;
        store.purge(&never(), 1000).await.unwrap();
        let keys = [scene.key("records"), scene.key("order")];
        assert_eq!(scene.redis.command(&["EXISTS", &keys[0], &keys[1]]), "0");
        self.check(scene).await;
    }
}

#[tokio::test]
async fn no_lost_key_brings_a_session_back() {
    let kinds = ["records", "order", "generations"];
    for lost in 1..8 {
        let scene = Scene::on(shared_redis()).await;
        let before = Before::set_up(&scene).await;
        for (n, kind) in kinds.iter().enumerate() {
            if lost & (1 << n) != 0 {
                scene.command("DEL", kind, &[]);
            }
        }
        before.go_on(&scene).await;
    }
}

#[tokio::test]
async fn a_lost_record_is_a_sign_out_of_one() {
    let scene = Scene::on(shared_redis()).await;
    let before = Before::set_up(&scene).await;
    for record in &before.live {
        scene.command("HDEL", "records", &[record.id.as_str()]);
        assert!(!is_live(&scene.store, &record.id).await.unwrap());
    }
    let unharmed = begin(&scene.store, user(4), 9).await;
    before.check(&scene).await;
    assert!(is_live(&scene.store, &unharmed.id).await.unwrap());
    before.go_on(&scene).await;
}

#[tokio::test]
async fn lost_numbers_bring_nothing_back() {
    for field in ["all users", "usr_2"] {
        let scene = Scene::on(shared_redis()).await;
        let before = Before::set_up(&scene).await;
        scene.command("HDEL", "generations", &[field]);
        for record in &before.over {
            assert!(!is_live(&scene.store, &record.id).await.unwrap(), "{field}: {}", record.id);
        }
    }
}

/// What is left of a life whose numbers were higher does not end what begins now.
#[tokio::test]
async fn lost_numbers_and_a_clock_that_was_set_back_lock_nobody_out() {
    let scene = Scene::on(shared_redis()).await;
    let store = &scene.store;
    scene.command("HSET", "generations", &["all users", "9000000000000000"]);
    let (over, live) = (begin(store, user(1), 1).await, begin(store, user(2), 2).await);
    store.revoke_everyone(signed_out()).await.unwrap();
    let kept = begin(store, user(3), 3).await;
    scene.command("HDEL", "generations", &["all users"]);

    let new = begin(store, user(1), 4).await;
    assert!(is_live(store, &new.id).await.unwrap());
    assert_eq!(store.list(&user(1), &always(), 9).await.unwrap().len(), 1);
    for record in [over, live, kept] {
        assert!(!is_live(store, &record.id).await.unwrap(), "{} came back", record.id);
    }
    assert_eq!(store.revoke_everyone(signed_out()).await.unwrap(), 1);
    assert!(!is_live(store, &new.id).await.unwrap());
}

#[tokio::test]
async fn a_server_that_comes_back_empty_knows_no_session() {
    let redis = RedisServer::start();
    let scene = Scene::on(&redis).await;
    let before = Before::set_up(&scene).await;
    let generation = scene.store.generation(&user(2)).await.unwrap();
    redis.command(&["FLUSHALL"]);
    for record in before.live.iter().chain(&before.over) {
        assert!(scene.store.load(&record.id).await.unwrap().is_none());
    }
    assert!(scene.store.generation(&user(2)).await.unwrap() > generation);
    // Not even a record that was kept elsewhere fits any more.
    let late = scene.store.insert_new(&before.live[0], many(), &always()).await;
    assert!(matches!(late, Err(InsertError::Stale)), "{late:?}");
    before.go_on(&scene).await;
}
