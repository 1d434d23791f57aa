//! What somebody else wrote into the keys of the store.

use palisade_session::{Others, SessionLimit, SessionRecord, SessionStore, Touch};
use palisade_testkit::servers::shared_redis;
use palisade_testkit::session_store::sample;

use super::{Scene, always, begin, is_live, never, of_store, place, signed_out, user};

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
    ("U\nfactors=", "V\nfactors=", "credential"),
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

/// A purge says which record it cannot forget, once it has forgotten all others.
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
    assert_eq!(scene.command("HKEYS", "records", &[]), id.as_str(), "the others are gone");
    scene.command("HDEL", "records", &[id.as_str()]);
    assert_eq!(scene.store.purge(&never(), 9).await.unwrap(), 0);
    assert_eq!(scene.redis.command(&["EXISTS", &scene.key("records"), &scene.key("order")]), "0");
}

/// More of them than one step takes are no end of a purge.
#[tokio::test]
async fn a_purge_gets_past_entries_without_a_record_and_corrupt_ones() {
    const PLANT: &str = "for n = 1, 600 do
            redis.call('ZADD', KEYS[1], 0, string.format('created %018d lost_%d', n, n))
        end";
    let scene = Scene::on(shared_redis()).await;
    for n in 1..=600 {
        begin(&scene.store, user(n), n).await;
        if n <= 300 {
            scene.command("HSET", "records", &[sample(n).id.as_str(), "junk"]);
        }
    }
    scene.redis.command(&["EVAL", PLANT, "1", &scene.key("order")]);
    let error = scene.store.purge(&never(), u32::MAX).await.unwrap_err();
    assert_eq!(place(&error), ("records", sample(1).id.as_str(), "record"));
    assert_eq!(scene.command("HLEN", "records", &[]), "300");
    assert_eq!(scene.command("ZCARD", "order", &[]), "900");
}

/// A session that stands in a list twice, or in another user's, is an error there, and ends with all others.
#[tokio::test]
async fn an_entry_that_does_not_fit_its_record_is_an_error() {
    for who in ["usr_1", "usr_2"] {
        let scene = Scene::on(shared_redis()).await;
        let store = &scene.store;
        let record = begin(store, user(1), 1).await;
        let everyone = scene.command("HGET", "generations", &["all users"]);
        let entry =
            format!("live {everyone:0>20} {who} {:0>20} 001790000000123457 {}", 0, record.id);
        scene.command("ZADD", "order", &["0", &entry]);
        let user = who.parse().unwrap();
        let listed = store.list(&user, &always(), 9).await.unwrap_err();
        let ended = store.revoke_others(&user, &record.id, signed_out()).await.unwrap_err();
        for error in [listed, ended] {
            assert_eq!(place(&error), ("records", record.id.as_str(), "order"), "{who}");
        }
        let expected = u64::from(who == "usr_1");
        assert_eq!(store.revoke_user(&user, signed_out()).await.unwrap(), expected);
        assert_eq!(is_live(store, &record.id).await.unwrap(), expected == 0);
    }
}

/// Entries that nobody of us wrote are in nobody's way, and a purge takes those of sessions away.
#[tokio::test]
async fn entries_that_say_nothing_are_passed_over() {
    let scene = Scene::on(shared_redis()).await;
    let store = &scene.store;
    let first = begin(store, user(1), 1).await;
    let everyone = scene.command("HGET", "generations", &["all users"]);
    let prefix = format!("live {everyone:0>20} usr_1 {:0>20} ", 0);
    let entries = [
        prefix.clone(),
        format!("{prefix}9"),
        format!("{prefix}999999999999999999 "),
        format!("{prefix}999999999999999999 no_such_session"),
        "all ".to_owned(),
        "all x".to_owned(),
        "all 99999999999999999999 1 signed_out".to_owned(),
        "all 99999999999999999999 001790000000123457".to_owned(),
        "created 0 no_such_session".to_owned(),
        "ended ".to_owned(),
        "seen \u{7f}".to_owned(),
        String::new(),
        "nonsense".to_owned(),
    ];
    for entry in &entries {
        scene.command("ZADD", "order", &["0", entry]);
    }
    assert!(is_live(store, &first.id).await.unwrap());
    let second = begin(store, user(1), 2).await;
    let limit = SessionLimit::end_least_recently_used(2);
    let third = super::draft(store, user(1), 3).await;
    assert_eq!(store.insert_new(&third, limit, &always()).await.unwrap(), [first.id]);
    assert_eq!(store.list(&user(1), &always(), 9).await.unwrap().len(), 2);
    assert_eq!(store.revoke_others(&user(1), &second.id, signed_out()).await.unwrap(), Some(1));
    store.revoke_everyone(signed_out()).await.unwrap();
    let stored = store.load(&second.id).await.unwrap().unwrap();
    assert_eq!(stored.record.ended, Some(signed_out()));
    assert_eq!(store.revoke_user(&user(1), signed_out()).await.unwrap(), 0);
    for _ in 0..2 {
        store.purge(&never(), 99).await.unwrap();
    }
    for record in [first, second, third] {
        assert!(store.load(&record.id).await.unwrap().is_none());
    }
}
