//! Whatever a stranger presents: a refusal, quickly, and no panic.

use palisade_session::{
    Change, ChangeError, CompactJws, EndReason, Factor, Factors, MemoryStore, Refused,
    SecretDigest, SessionId, Sessions, UserId,
};
use proptest::prelude::*;

use crate::store_faults::FaultyStore;
use crate::support::{
    HOUR, both_kinds, other_user, policy, run, sign_in, start, tokens, user, verdict,
};

fn hostile() -> Vec<String> {
    let megabyte = 1 << 20;
    let mut all: Vec<String> =
        ["", ".", "..", "...", "\0", "é", "\u{202e}", "null", "{}", "-", "%00"]
            .map(String::from)
            .into();
    for text in ["a", ".", "é", "\0", "a.", "eyJ"] {
        all.push(text.repeat(megabyte / text.len()));
    }
    all.push(format!("{}.{}", "é".repeat(11), "A".repeat(43)));
    all.push(format!("{}.{}", "A".repeat(22), "é".repeat(21) + "A"));
    all.push(format!("{}.{}", "A".repeat(22), "\0".repeat(43)));
    all.push(format!("{}.{}", "A".repeat(21), "A".repeat(44)));
    all.push(format!("{}.{}", "A".repeat(23), "A".repeat(42)));
    all.push(format!("{}.{}=", "A".repeat(22), "A".repeat(42)));
    all.push(format!("{}.{}", "A".repeat(22), "A".repeat(42)));
    all.push(format!("{}.", "A".repeat(22)));
    all.push(format!("{}+{}", "A".repeat(22), "A".repeat(43)));
    all.push(format!("{}.{}.", "A".repeat(22), "A".repeat(42)));
    all
}

#[test]
fn hostile_texts_are_refused_without_a_look_at_the_store() {
    for sessions in both_kinds(&policy().build().unwrap(), FaultyStore::default) {
        sessions.store().fail_from(0);
        for text in hostile() {
            let origin = palisade_session::Origin::unknown().user_agent(&text);
            let refused = run(sessions.validate(&text, &origin, start())).unwrap_err();
            assert!(matches!(refused, Refused::Token(_)), "{refused:?}");
        }
        assert!(sessions.store().calls().is_empty());
    }
}

/// What is well formed costs one read and no write.
#[test]
fn an_unknown_token_costs_one_read() {
    let sessions = Sessions::opaque(FaultyStore::default(), policy().build().unwrap());
    let token = format!("{}.{}", "A".repeat(22), "A".repeat(43));
    assert_eq!(run(verdict(&sessions, &token, start())), "session_unknown");
    assert_eq!(sessions.store().calls(), ["load"]);
}

/// Every single character of a token counts.
#[test]
fn no_changed_character_of_a_token_is_accepted() {
    for sessions in both_kinds(&policy().build().unwrap(), MemoryStore::new) {
        let (token, _) = run(sign_in(&sessions, &user(), start()));
        for at in 0..token.len() {
            for other in ['A', 'B', '-', '_', '.', '=', ' ', '\0'] {
                let mut changed = token.clone();
                changed.replace_range(at..=at, &other.to_string());
                if changed != token {
                    assert_ne!(run(verdict(&sessions, &changed, start())), "ok", "{other} at {at}");
                }
            }
            assert_ne!(run(verdict(&sessions, &token[..at], start())), "ok");
        }
        for longer in [format!("{token}A"), format!("A{token}"), token.repeat(2)] {
            assert_ne!(run(verdict(&sessions, &longer, start())), "ok");
        }
        assert_eq!(run(verdict(&sessions, &token, start())), "ok");
    }
}

/// The halves of two good tokens.
#[test]
fn the_id_of_one_and_the_secret_of_another_open_nothing() {
    let sessions = Sessions::opaque(MemoryStore::new(), policy().build().unwrap());
    let (mine, _) = run(sign_in(&sessions, &user(), start()));
    let (theirs, _) = run(sign_in(&sessions, &other_user(), start()));
    let mixed = format!("{}{}", &theirs[..22], &mine[22..]);
    assert_eq!(run(verdict(&sessions, &mixed, start())), "session_unknown");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_makes_anything_panic(text in prop_oneof![
        any::<String>(), "[A-Za-z0-9_-]{0,60}(\\.[A-Za-z0-9_-]{0,60}){0,3}", "\\PC{0,40}",
        "(password|totp|passkey)?:?[0-9+-]{0,25} ?(totp)?:?[0-9]{0,3}",
    ]) {
        for sessions in both_kinds(&policy().build().unwrap(), MemoryStore::new) {
            prop_assert_ne!(run(verdict(&sessions, &text, start())), "ok");
        }
        let _ = CompactJws::parse(&text).map(|jws| jws.verify_hs256(&crate::support::mac_key("a")).is_ok());
        let _ = text.parse::<EndReason>();
        let _ = text.parse::<palisade_session::DeviceLabel>();
        let _ = SecretDigest::try_from(text.clone()).is_ok();
        // What reads, reads back the same.
        if let Ok(id) = text.parse::<SessionId>() {
            prop_assert_eq!(id.as_str(), &text);
        }
        if let Ok(id) = text.parse::<UserId>() {
            prop_assert_eq!(id.to_string(), text.clone());
        }
        if let Ok(factors) = text.parse::<Factors>() {
            prop_assert_eq!(factors.to_string().parse::<Factors>(), Ok(factors));
        }
        prop_assert!(palisade_session::UserAgent::cut(&text).as_str().len() <= 256);
    }
}

#[test]
fn lists_of_factors_that_are_none() {
    for text in [
        "password",
        "password:",
        ":1",
        "password:-1",
        "password:+1",
        "password:1.5",
        "password: 1",
        "password:1,totp:1",
        "Password:1",
        "password:1 password:1",
        "password:18446744073709551616",
        "password:1:2",
        "pin:1",
        "password:１",
    ] {
        assert!(text.parse::<Factors>().is_err(), "{text}");
    }
    let both: Factors = "totp:2 password:1".parse().unwrap();
    assert_eq!(both.to_string(), "password:1 totp:2");
    assert_eq!("".parse::<Factors>().unwrap(), Factors::none());
    for factor in [
        Factor::Password,
        Factor::Totp,
        Factor::Passkey,
        Factor::RecoveryCode,
        Factor::SingleSignOn,
    ] {
        assert_eq!(factor.to_string().parse::<Factor>().unwrap(), factor);
        let later = start() + HOUR;
        let proved = Factors::none().with(factor, start()).with(factor, later);
        assert_eq!(proved.when(factor), Some(later));
        assert_eq!(proved.iter().collect::<Vec<_>>(), [(factor, later)]);
    }
}

#[test]
fn session_ids() {
    for text in ["", "a b", "a.b", "é", "a\0", "a=", &"x".repeat(33)] {
        assert!(text.parse::<SessionId>().is_err(), "{text}");
    }
    let [a, b] = [(), ()].map(|()| SessionId::generate().unwrap());
    assert_ne!(a, b);
    assert_eq!(a.as_str().len(), 22);
    assert_eq!("x".repeat(32).parse::<SessionId>().unwrap().as_str(), "x".repeat(32));
    let [short, long]: [SessionId; 2] = ["a", "a-"].map(|text| text.parse().unwrap());
    assert!(short < long, "in the order of the text");
    assert_eq!(short.to_string(), "a");
    for text in ["", "a b", "é", &"x".repeat(129), "a\n"] {
        assert!(text.parse::<UserId>().is_err(), "{text}");
    }
}

/// A row whose generation stands at its end, whoever wrote it.
#[test]
fn a_generation_that_cannot_grow_is_no_panic() {
    let sessions = Sessions::opaque(FaultyStore::default(), policy().build().unwrap());
    let (token, session) = run(sign_in(&sessions, &user(), start()));
    sessions.store().rewrite(|found| {
        (found.record.generation, found.user_generation) = (u64::MAX, u64::MAX);
    });
    assert_eq!(run(verdict(&sessions, &token, start())), "ok");
    let changed = run(sessions.changed(&session, Change::Password, start()));
    assert!(matches!(changed, Err(ChangeError::Gone)));
}

/// A store that answers with the record of another session of the same user, as one would that
/// compares ids without regard to case.
#[test]
fn a_record_under_another_id_opens_nothing() {
    for sessions in both_kinds(&policy().build().unwrap(), FaultyStore::default) {
        let (token, _) = run(sign_in(&sessions, &user(), start()));
        sessions.store().rewrite(|found| found.record.id = "another".parse().unwrap());
        assert_eq!(run(verdict(&sessions, &token, start())), "session_unknown");
    }
}

/// And with one of another user, to a session that has been validated before.
#[test]
fn a_record_that_changed_hands_confirms_nothing() {
    for sessions in both_kinds(&policy().build().unwrap(), FaultyStore::default) {
        let (_, session) = run(sign_in(&sessions, &user(), start()));
        sessions.store().rewrite(|found| found.record.user = other_user());
        let confirmed = run(sessions.confirm(&session, start()));
        assert!(matches!(confirmed, Err(Refused::Unknown)));
        assert!(matches!(run(sessions.rotate(&session, start())), Err(ChangeError::Gone)));
    }
}

/// A row of an older generation that nobody marked as ended.
#[test]
fn a_session_of_an_older_generation_is_superseded() {
    for sessions in both_kinds(&policy().build().unwrap(), FaultyStore::default) {
        let (token, session) = run(sign_in(&sessions, &user(), start()));
        sessions.store().rewrite(|found| found.user_generation += 1);
        assert_eq!(run(verdict(&sessions, &token, start())), "session_superseded");
        let confirmed = run(sessions.confirm(&session, start()));
        assert!(matches!(confirmed, Err(Refused::Superseded(id)) if id == *session.id()));
    }
}

/// A signed token of an older generation than its record.
#[test]
fn a_token_of_another_generation_than_its_record_opens_nothing() {
    let sessions =
        Sessions::signed(FaultyStore::default(), policy().build().unwrap(), tokens(&["a"]))
            .unwrap();
    let (token, _) = run(sign_in(&sessions, &user(), start()));
    sessions.store().rewrite(|found| {
        found.record.generation += 1;
        found.user_generation += 1;
    });
    assert_eq!(run(verdict(&sessions, &token, start())), "session_unknown");
}
