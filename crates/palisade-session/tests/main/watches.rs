//! What is suspicious about the use of a session.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use palisade_session::{
    DeviceLabel, MemoryStore, NewSession, Origin, Refused, SameDevice, SameNetwork, SessionRecord,
    Sessions, Suspicion, UserAgent, Watch,
};

use crate::support::{DAY, MINUTE, SECOND, both_kinds, policy, run, start, stored, user, verdict};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                      Gecko) Chrome/140.0.0.0 Safari/537.36";

/// What the watch says of a session that began at the first origin and is used from the second.
fn judge(watch: impl Watch + Clone + 'static, from: Origin<'_>, to: Origin<'_>) -> &'static str {
    let policy = policy().watch(watch).cache(10, MINUTE).build().unwrap();
    let words = both_kinds(&policy, MemoryStore::new).map(|sessions| {
        run(async {
            let begun = sessions.begin(&user()).await.unwrap();
            let new = NewSession { origin: from, ..NewSession::default() };
            let (token, session) = sessions.create(begun, new, start()).await.unwrap();
            let token = token.expose_secret();
            sessions.validate(token, &from, start()).await.unwrap();
            let word = match sessions.validate(token, &to, start()).await {
                Ok(_) => "ok",
                Err(refused) => refused.reason(),
            };
            let ended = stored(&sessions, &session).await.ended.map(|e| e.reason.as_str());
            assert_eq!(ended.unwrap_or("ok"), word);
            // Ended for everyone, the owner included.
            assert_eq!(verdict(&sessions, token, start()).await, word);
            word
        })
    });
    assert_eq!(words[0], words[1]);
    words[0]
}

fn agent(text: &str) -> Origin<'_> {
    Origin::unknown().user_agent(text)
}

fn address(text: &str) -> Origin<'static> {
    Origin::unknown().address(text.parse().unwrap())
}

#[test]
fn the_same_device() {
    let newer = FIREFOX.replace("140", "141");
    assert_eq!(judge(SameDevice, agent(FIREFOX), agent(&newer)), "ok");
    assert_eq!(judge(SameDevice, agent(FIREFOX), agent(CHROME)), "suspicious_user_agent");
    assert_eq!(judge(SameDevice, agent(FIREFOX), agent("robot")), "suspicious_user_agent");
    assert_eq!(judge(SameDevice, agent("robot"), agent("robot")), "ok");
    assert_eq!(judge(SameDevice, agent("robot"), agent("robot 2")), "suspicious_user_agent");
    assert_eq!(judge(SameDevice, agent("robot"), agent(FIREFOX)), "suspicious_user_agent");
    assert_eq!(judge(SameDevice, agent(FIREFOX), Origin::unknown()), "ok");
    assert_eq!(judge(SameDevice, Origin::unknown(), agent(FIREFOX)), "ok");
}

/// What tells the browser stands after the bytes that are kept; the very same header is no change.
#[test]
fn a_long_header_is_the_same_device_as_itself() {
    let long = format!("Mozilla/5.0 ({} Windows) Chrome/140 Safari/537 Edg/140", "x; ".repeat(80));
    assert!(long.find("Edg/").unwrap() > UserAgent::MAX_LEN);
    assert_eq!(judge(SameDevice, agent(&long), agent(&long)), "ok");
    let split = "Fire\u{7}fox/1 Linux";
    assert_eq!(judge(SameDevice, agent(split), agent(split)), "ok");
    let unknown = "robot ".repeat(100);
    assert_eq!(judge(SameDevice, agent(&unknown), agent(&unknown)), "ok");
}

#[test]
fn the_same_network() {
    let watch = SameNetwork::new(24, 48);
    for (from, to, word) in [
        ("192.0.2.7", "192.0.2.7", "ok"),
        ("192.0.2.7", "192.0.2.255", "ok"),
        ("192.0.2.7", "192.0.3.7", "suspicious_address"),
        ("192.0.2.7", "::ffff:192.0.2.9", "ok"),
        ("192.0.2.7", "::ffff:192.0.3.9", "suspicious_address"),
        ("192.0.2.7", "2001:db8::1", "ok"),
        ("2001:db8::1", "2001:db8:0:ffff::1", "ok"),
        ("2001:db8::1", "2001:db8:1::1", "suspicious_address"),
    ] {
        assert_eq!(judge(watch, address(from), address(to)), word, "{from} {to}");
        assert_eq!(judge(watch, address(to), address(from)), word, "{to} {from}");
    }
    assert_eq!(judge(watch, address("192.0.2.7"), Origin::unknown()), "ok");
    assert_eq!(judge(watch, Origin::unknown(), address("192.0.2.7")), "ok");
    let none = SameNetwork::new(0, 0);
    assert_eq!(judge(none, address("0.0.0.0"), address("255.255.255.255")), "ok");
    assert_eq!(judge(none, address("::1"), address("ffff::")), "ok");
    let all = SameNetwork::new(u32::MAX, u32::MAX);
    assert_eq!(judge(all, address("192.0.2.7"), address("192.0.2.6")), "suspicious_address");
    assert_eq!(judge(all, address("192.0.2.7"), address("192.0.2.7")), "ok");
    assert_eq!(judge(all, address("2001:db8::1"), address("2001:db8::")), "suspicious_address");
    assert_eq!(judge(all, address("2001:db8::1"), address("2001:db8::1")), "ok");
}

/// Each step is small, and each is noted: from one use to the next.
#[test]
fn the_address_that_counts_is_that_of_the_last_use_that_was_noted() {
    let policy = policy().watch(SameNetwork::new(24, 48)).build().unwrap();
    let sessions = Sessions::opaque(MemoryStore::new(), policy);
    run(async {
        let begun = sessions.begin(&user()).await.unwrap();
        let home: IpAddr = "192.0.2.7".parse().unwrap();
        let origin = Origin::unknown().address(home);
        let new = NewSession { origin, ..NewSession::default() };
        let (token, session) = sessions.create(begun, new, start()).await.unwrap();
        let token = token.expose_secret();
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        let now = start() + MINUTE;
        let origin = Origin::unknown().address(v6);
        sessions.validate(token, &origin, now).await.unwrap();
        assert_eq!(stored(&sessions, &session).await.address, Some(v6));
        let listed = sessions.list(&session, now).await.unwrap();
        assert_eq!((listed[0].address, listed[0].current), (Some(v6), true));
        // Nothing known of a request leaves what is known.
        sessions.validate(token, &Origin::unknown(), now + MINUTE).await.unwrap();
        assert_eq!(stored(&sessions, &session).await.address, Some(v6));
    });
}

/// The copy in the cache follows what was noted.
#[test]
fn the_address_that_was_noted_counts_in_the_cache_too() {
    let policy = policy().watch(SameNetwork::new(24, 48)).cache(9, MINUTE).build().unwrap();
    let sessions = Sessions::opaque(MemoryStore::new(), policy);
    let (token, _) = run(crate::support::sign_in(&sessions, &user(), start()));
    let now = start() + MINUTE;
    run(sessions.validate(&token, &address("192.0.2.7"), now)).unwrap();
    let refused = run(sessions.validate(&token, &address("192.0.3.7"), now)).unwrap_err();
    assert_eq!(refused.reason(), "suspicious_address");
}

/// With no interval each use from another address is noted, and uses at one moment from one are not.
#[test]
fn without_an_interval_each_move_is_noted() {
    let policy = policy().touch_interval(std::time::Duration::ZERO).build().unwrap();
    let store = crate::store_faults::FaultyStore::default();
    let sessions = Sessions::opaque(store, policy);
    run(async {
        let begun = sessions.begin(&user()).await.unwrap();
        let (token, session) =
            sessions.create(begun, NewSession::default(), start()).await.unwrap();
        let token = token.expose_secret();
        for (from, now, touches) in [
            (Origin::unknown(), start(), false),
            (address("192.0.2.7"), start(), true),
            (address("192.0.2.7"), start(), false),
            (address("192.0.2.8"), start(), true),
            (address("192.0.2.8"), start() + SECOND, true),
            (address("192.0.2.8"), start() - DAY, false),
            (address("192.0.2.9"), start() - DAY, true),
        ] {
            sessions.store().calls();
            sessions.validate(token, &from, now).await.unwrap();
            let touched = sessions.store().calls().contains(&"touch_if_live");
            assert_eq!(touched, touches, "{from:?}");
        }
        // A clock that stepped back notes from where, and not when.
        let record = stored(&sessions, &session).await;
        assert_eq!(
            (record.last_seen, record.address),
            (start() + SECOND, address("192.0.2.9").address)
        );
    });
}

#[test]
fn a_watch_of_ones_own_ends_a_session_at_once_whatever_is_cached() {
    let alarm = Arc::new(AtomicBool::new(false));
    let bell = Arc::clone(&alarm);
    let own = move |_: &SessionRecord, _: &Origin<'_>| {
        bell.load(Ordering::SeqCst).then_some(Suspicion::Other)
    };
    let policy = policy().watch(SameDevice).watch(own).cache(10, MINUTE).build().unwrap();
    for sessions in both_kinds(&policy, MemoryStore::new) {
        alarm.store(false, Ordering::SeqCst);
        let (token, session) = run(crate::support::sign_in(&sessions, &user(), start()));
        assert_eq!(run(verdict(&sessions, &token, start())), "ok");
        alarm.store(true, Ordering::SeqCst);
        let refused = run(sessions.validate(&token, &Origin::unknown(), start())).unwrap_err();
        assert!(matches!(refused, Refused::Ended(id, _) if id == *session.id()));
        assert_eq!(refused.reason(), "suspicious");
        // Somebody else's token does not set it off for this session, nor does a wrong secret.
        let guessed = format!("{}.{}", session.id(), "A".repeat(43));
        let word = run(verdict(&sessions, &guessed, start()));
        assert!(word != "suspicious");
    }
}

#[test]
fn labels_and_user_agents() {
    for (header, label) in [
        (FIREFOX, Some("Firefox on Linux")),
        (CHROME, Some("Chrome on Windows")),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14) Version/17 Safari/605",
            Some("Safari on macOS"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17 like Mac OS X) CriOS/1 Safari/1",
            Some("Chrome on iOS"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14) Chrome/1 Safari/1 SamsungBrowser/1",
            Some("Samsung Internet on Android"),
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/1 Safari/1 Edg/1", Some("Edge on Windows")),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/1 Safari/1 OPR/1", Some("Opera on Windows")),
        ("curl/8.5.0", Some("curl on an unknown system")),
        ("Something Linux", Some("Unknown browser on Linux")),
        ("<script>alert(1)</script>", None),
        ("", None),
    ] {
        let made = DeviceLabel::of_user_agent(header);
        assert_eq!(made.as_ref().map(DeviceLabel::as_str), label, "{header}");
    }
    let kept = UserAgent::cut(&format!("a\r\n\0{}é", "x".repeat(253)));
    assert_eq!(kept.as_str(), format!("a{}é", "x".repeat(253)));
    let cut = UserAgent::cut(&format!("{}é", "x".repeat(255)));
    assert_eq!(cut.as_str(), "x".repeat(255));
    for label in ["", " a", "a ", "a\n", "a\u{200b}b", "a\u{202e}b", &"x".repeat(101), "\u{feff}a"]
    {
        assert!(label.parse::<DeviceLabel>().is_err(), "{label:?}");
    }
    assert_eq!("Büro-Laptop".parse::<DeviceLabel>().unwrap().as_str(), "Büro-Laptop");
}

/// A given label stands; without one it is what the user agent tells.
#[test]
fn what_the_list_shows() {
    let sessions = Sessions::opaque(MemoryStore::new(), policy().build().unwrap());
    run(async {
        let origin = Origin::unknown().user_agent(FIREFOX).address("192.0.2.7".parse().unwrap());
        for device in [None, Some("My laptop".parse().unwrap())] {
            let begun = sessions.begin(&user()).await.unwrap();
            assert_eq!(begun.user(), &user());
            let new = NewSession { origin, device, ..NewSession::default() };
            let _ = sessions.create(begun, new, start()).await.unwrap();
        }
        let listed = sessions.list_of(&user(), start()).await.unwrap();
        let mut labels: Vec<_> =
            listed.iter().map(|entry| entry.device.as_ref().unwrap().as_str()).collect();
        labels.sort_unstable();
        assert_eq!(labels, ["Firefox on Linux", "My laptop"]);
        assert!(listed.iter().all(|entry| !entry.current));
        assert!(listed.iter().all(|e| e.user_agent.as_ref().unwrap().as_str() == FIREFOX));
    });
}
