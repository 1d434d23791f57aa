//! What somebody else wrote into the keys of the store.

use palisade_redis::CorruptRecord;
use palisade_session::{
    EndReason, Others, SessionRecord, SessionStore, StoreError, Touch, Written,
};
use palisade_testkit::servers::shared_redis;
use palisade_testkit::session_store::{same_session, sample};

use super::{Scene, always, begin, cause, is_live, many, never, of_store, signed_out, user};

/// What is put in place of what, and the field that is wrong then.
const EDITS: [(&str, &str, &str); 44] = [
    ("palisade-session 1\n", "", "record"),
    ("palisade-session 1\n", "palisade-session 2\n", "record"),
    ("palisade-session 1\n", "palisade-session 1\r\n", "record"),
    ("user=usr_1\n", "", "user"),
    ("user=usr_1\n", "user=\n", "user"),
    ("user=usr_1\n", "user=usr 1\n", "user"),
    ("user=usr_1\n", "User=usr_1\n", "user"),
    // A record that was moved to another user: its entry is still the old one's.
    ("user=usr_1\n", "user=usr_2\n", "order"),
    ("+0\n", "\n", "generation"),
    ("+0\n", "+\n", "generation"),
    ("+0\n", "+-1\n", "generation"),
    ("+0\n", "+00\n", "generation"),
    ("+0\n", "+18446744073709551615\n", "generation"),
    ("generation=", "generation=0", "generation"),
    ("generation=", "generation= ", "generation"),
    ("generation=", "generations=", "generation"),
    ("created=", "created=0", "created"),
    ("created=0", "created=9", "created"),
    ("created=00", "created=+0", "created"),
    ("credential=sha256:", "credential=sha512:", "credential"),
    ("credential=sha256:", "credential=", "credential"),
    ("credential=sha256:", "credential=sha256:A", "credential"),
    // The last character of 32 bytes has two bits to spare, which are zero.
    ("Q\nfactors=", "R\nfactors=", "credential"),
    ("\nfactors=", "=\nfactors=", "credential"),
    ("factors=password:", "factors=magic:", "factors"),
    ("factors=password:", "factors= password:", "factors"),
    ("factors=password:", "factors=password:0", "factors"),
    ("factors=password:", "factors=password:999", "factors"),
    ("factors=password:", "factors=password", "factors"),
    ("device=Firefox", "device= Firefox", "device"),
    ("device=Firefox", "device=Fire\u{7}fox", "device"),
    ("device=Firefox", "agent=x\ndevice=Firefox", "seen"),
    ("device=Firefox", "agent=\t\ndevice=Firefox", "agent"),
    ("seen=", "seen=0", "seen"),
    ("seen=0", "seen=9", "seen"),
    (" 192.0.2.1", " 192.0.2.256", "seen"),
    (" 192.0.2.1", " 192.0.2.1/32", "seen"),
    (" 192.0.2.1", " ::FFFF:192.0.2.1", "seen"),
    (" 192.0.2.1", " ", "seen"),
    (" 192.0.2.1", " 192.0.2.1\n", "record"),
    (" 192.0.2.1", " 192.0.2.1\nended=001790000000123457", "ended"),
    (" 192.0.2.1", " 192.0.2.1\nended=1790000000123457 signed_out", "ended"),
    (" 192.0.2.1", " 192.0.2.1\nended=001790000000123457 bored", "ended"),
    // An ending that the entries beside the record know nothing of.
    (" 192.0.2.1", " 192.0.2.1\nended=001790000000123457 signed_out", "order"),
];

/// Where an error says that something cannot be right.
#[track_caller]
fn place(error: &StoreError) -> (&str, &str, &str) {
    let CorruptRecord { key, id, field, .. } = cause(error);
    (key, id, field)
}

#[tokio::test]
async fn a_corrupt_record_is_an_error_that_names_the_field() {
    for (from, to, field) in EDITS {
        let scene = Scene::on(shared_redis()).await;
        let store = &scene.store;
        let record = begin(store, user(1), 1).await;
        let other = begin(store, user(1), 2).await;
        let id = record.id.as_str();
        let text = scene.command("HGET", "records", &[id]);
        assert!(text.contains(from), "{from:?} is not in {text:?}");
        scene.command("HSET", "records", &[id, &text.replacen(from, to, 1)]);
        let edit = format!("{from:?} to {to:?}");

        let error = store.load(&record.id).await.unwrap_err();
        assert_eq!(place(&error), ("records", id, field), "{edit}");
        assert!(!format!("{error:?}").contains("sha256"), "{error:?}");

        // Whatever the others make of it, nothing panics and nobody gets in.
        let touch = Touch { at: record.last_seen, address: None };
        drop(store.touch_if_live(&record.id, record.generation, touch).await);
        drop(store.revoke(&record.user, &record.id, signed_out()).await);
        drop(store.list(&record.user, &always(), 9).await);
        drop(store.revoke_others(&record.user, &other.id, signed_out()).await);
        begin(store, user(1), 3).await;
        let next = super::draft(store, user(1), 4).await;
        drop(store.rotate(&record.id, &next, Others::Keep, record.created).await);
        assert!(!is_live(store, &record.id).await.unwrap_or(false), "{edit}");

        // Mended, it is what it was, but the end of all sessions of the user was for it too.
        store.revoke_user(&user(1), signed_out()).await.unwrap();
        for n in 2..=4 {
            assert!(!is_live(store, &sample(n).id).await.unwrap(), "{edit}");
        }
        scene.command("HSET", "records", &[id, &text]);
        assert!(!is_live(store, &record.id).await.unwrap_or(false), "{edit}: it came back");
    }
}

#[tokio::test]
async fn what_is_no_text_is_an_error() {
    const PLANT: &str = "local text = redis.call('HGET', KEYS[1], ARGV[1])
        text = string.gsub(text, 'Firefox', string.char(ARGV[2]))
        redis.call('HSET', KEYS[1], ARGV[1], text)";
    for (byte, field) in [("0", "device"), ("255", "record")] {
        let scene = Scene::on(shared_redis()).await;
        let record = begin(&scene.store, user(1), 1).await;
        let (key, id) = (scene.key("records"), record.id.as_str());
        scene.redis.command(&["EVAL", PLANT, "1", &key, id, byte]);
        let error = scene.store.load(&record.id).await.unwrap_err();
        assert_eq!(place(&error), ("records", id, field));
    }
}

/// Half of what a method would have to write is never written.
#[tokio::test]
async fn a_record_without_its_entry_is_an_error() {
    let scene = Scene::on(shared_redis()).await;
    let store = &scene.store;
    let record = begin(store, user(1), 1).await;
    let entries = scene.command("ZRANGE", "order", &["[live ", "(live ~", "BYLEX"]);
    scene.command("ZREM", "order", &[&entries]);

    let load = store.load(&record.id).await.unwrap_err();
    let touch = Touch { at: record.last_seen, address: None };
    let touch = store.touch_if_live(&record.id, record.generation, touch).await.unwrap_err();
    let next = SessionRecord { id: sample(2).id, ..record.clone() };
    let rotate = store.rotate(&record.id, &next, Others::Keep, record.created).await.unwrap_err();
    for error in [load, touch, of_store(rotate)] {
        assert_eq!(place(&error), ("records", record.id.as_str(), "order"));
    }
    assert_eq!(store.load(&next.id).await.unwrap().map(|stored| stored.record.id), None);
    // An ending needs no entry.
    store.revoke(&record.user, &record.id, signed_out()).await.unwrap();
    assert_eq!(store.load(&record.id).await.unwrap().unwrap().record.ended, Some(signed_out()));
}

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

/// A purge says which record is in its way; when that one is taken out by hand, it goes on.
#[tokio::test]
async fn a_purge_names_what_it_cannot_forget() {
    let scene = Scene::on(shared_redis()).await;
    for n in 1..=3 {
        begin(&scene.store, user(n), n).await;
    }
    let id = sample(2).id;
    scene.command(
        "HSET",
        "records",
        &[id.as_str(), "palisade-session 1\nuser=usr_2\ngeneration=1+0\n"],
    );
    let error = scene.store.purge(&never(), 9).await.unwrap_err();
    assert_eq!(place(&error), ("records", id.as_str(), "created"));
    scene.command("HDEL", "records", &[id.as_str()]);
    for _ in 0..2 {
        scene.store.purge(&never(), 9).await.unwrap();
    }
    assert_eq!(scene.redis.command(&["EXISTS", &scene.key("records"), &scene.key("order")]), "0");
}
