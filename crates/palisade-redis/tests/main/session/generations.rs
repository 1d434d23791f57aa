//! The numbers of users and of everyone, as somebody else wrote them.

use palisade_session::{
    EndReason, Others, SessionLimit, SessionRecord, SessionStore, Touch, Written,
};
use palisade_testkit::servers::shared_redis;
use palisade_testkit::session_store::{same_session, sample};

use super::{Scene, always, begin, is_live, many, never, of_store, place, signed_out, user};

#[tokio::test]
async fn a_corrupt_generation_is_an_error() {
    const ALL: &str = "all users";
    for (field, value) in [
        (ALL, ""),
        (ALL, "-1"),
        (ALL, "01"),
        (ALL, "1e3"),
        (ALL, "10000000000000000000"),
        ("usr_1", "x"),
        ("usr_1", " 1"),
        ("usr_1", "9999999999999999999"),
    ] {
        let scene = Scene::on(shared_redis()).await;
        let store = &scene.store;
        let record = begin(store, user(1), 1).await;
        scene.command("HSET", "generations", &[field, value]);

        let touch = Touch { at: record.last_seen, address: None };
        let next = SessionRecord { id: sample(2).id, ..record.clone() };
        let errors = [
            store.load(&record.id).await.unwrap_err(),
            store.generation(&record.user).await.unwrap_err(),
            store.list(&record.user, &always(), 9).await.unwrap_err(),
            store.touch_if_live(&record.id, 0, touch).await.unwrap_err(),
            store.revoke_user(&record.user, signed_out()).await.unwrap_err(),
            store.revoke_others(&record.user, &record.id, signed_out()).await.unwrap_err(),
            of_store(store.insert_new(&next, many(), &always()).await.unwrap_err()),
            of_store(
                store.rotate(&record.id, &next, Others::Keep, record.created).await.unwrap_err(),
            ),
        ];
        for error in errors {
            assert_eq!(place(&error), ("generations", field, "generation"), "{value:?}");
        }
        let everyone = store.revoke_everyone(signed_out()).await;
        assert_eq!(everyone.is_err(), field == ALL, "{field} {value:?}");
        // One session can still be ended.
        store.revoke(&record.user, &record.id, signed_out()).await.unwrap();
    }
}

/// Up to the largest that is allowed, generations are exact: far beyond what a float holds.
#[tokio::test]
async fn generations_are_exact_up_to_their_limit() {
    for (everyone, own, sum) in [
        ("9007199254740992", "1", 9_007_199_254_740_993),
        ("9007199254740993", "9007199254740993", 18_014_398_509_481_986),
        ("9999999999", "1", 10_000_000_000),
        ("9223372036854775807", "1", 9_223_372_036_854_775_808),
        ("9999999999999999998", "0", 9_999_999_999_999_999_998_u64),
    ] {
        let scene = Scene::on(shared_redis()).await;
        let store = &scene.store;
        scene.command("HSET", "generations", &["all users", everyone, "usr_1", own]);
        assert_eq!(store.generation(&user(1)).await.unwrap(), sum);
        let record = begin(store, user(1), 1).await;
        assert!(is_live(store, &record.id).await.unwrap());
        let stored = store.load(&record.id).await.unwrap().unwrap();
        assert_eq!(same_session(&stored.record, &record), Ok(()));
        let touch = Touch { at: record.last_seen, address: None };
        for (generation, expected) in [(sum - 1, Written::Gone), (sum, Written::Done)] {
            let touched = store.touch_if_live(&record.id, generation, touch).await.unwrap();
            assert_eq!(touched, expected);
        }
        let next = SessionRecord { id: sample(2).id, generation: sum + 1, ..record.clone() };
        let end = Others::End(EndReason::PasswordChanged);
        let rotated = store.rotate(&record.id, &next, end, record.created).await.unwrap();
        assert_eq!(rotated, Written::Done);
        assert_eq!(store.generation(&user(1)).await.unwrap(), sum + 1);
        assert!(is_live(store, &next.id).await.unwrap());
    }
}

/// An operator may raise a number by hand: the sessions of it are over at once, though nobody marked them.
#[tokio::test]
async fn a_generation_that_is_raised_by_hand_ends_sessions() {
    for field in ["all users", "usr_1"] {
        let scene = Scene::on(shared_redis()).await;
        let store = &scene.store;
        let record = begin(store, user(1), 1).await;
        scene.command("HINCRBY", "generations", &[field, "1"]);
        let now = record.generation + 1;
        assert_eq!(store.generation(&user(1)).await.unwrap(), now);
        assert!(!is_live(store, &record.id).await.unwrap());

        let touch = Touch { at: record.last_seen, address: None };
        for generation in [record.generation, now] {
            let touched = store.touch_if_live(&record.id, generation, touch).await.unwrap();
            assert_eq!(touched, Written::Gone);
            let new = SessionRecord { id: sample(2).id, generation, ..record.clone() };
            let rotated = store.rotate(&record.id, &new, Others::Keep, record.created).await;
            assert_eq!(rotated.unwrap(), Written::Gone);
        }
        assert!(store.list(&user(1), &always(), 9).await.unwrap().is_empty());
        let kept = store.revoke_others(&user(1), &record.id, signed_out()).await.unwrap();
        assert_eq!(kept, None);
        let next = SessionRecord { id: sample(3).id, generation: now, ..record.clone() };
        let begun = store.insert_new(&next, SessionLimit::refuse(1), &always()).await;
        assert_eq!(begun.unwrap(), [], "a dead session takes a place");
        assert_eq!(store.revoke_user(&user(1), signed_out()).await.unwrap(), 1);
        let stored = store.load(&record.id).await.unwrap().unwrap();
        assert_eq!(same_session(&stored.record, &record), Ok(()));
        assert_eq!(store.purge(&never(), 9).await.unwrap(), 2);
        assert!(store.load(&record.id).await.unwrap().is_none());
    }
}
