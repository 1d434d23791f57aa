//! No message and no `Debug` output holds any part of a token, a secret, a digest or a key.

use std::fmt::{Debug, Display, Write};

use palisade_session::{
    ChangeError, CompactJws, CreateError, Credential, Factor, MemoryStore, NewClaims, NewSession,
    Origin, RecentError, Refused, SecretDigest, SessionId, StepUp, StoreError, TokenRefused,
};
use proptest::prelude::*;

use crate::support::{
    HEADER, HOUR, MINUTE, both_kinds, mac_key, payload, policy, profile, ring, run, sign, sign_in,
    start, stored, tokens, user,
};

/// Whether any eight characters in a row of the secret stand in the text.
fn leaks(text: &str, secret: &str) -> bool {
    secret.as_bytes().windows(8).any(|part| text.as_bytes().windows(8).any(|seen| seen == part))
}

fn secret_of(token: &str) -> &str {
    token.rsplit('.').next().unwrap()
}

#[test]
fn debug_output_holds_no_token_no_digest_and_no_key() {
    for sessions in both_kinds(&policy().cache(9, MINUTE).build().unwrap(), MemoryStore::new) {
        let begun = run(sessions.begin(&user())).unwrap();
        let mut seen = format!("{begun:?}");
        let (token, session) = run(sessions.create(begun, NewSession::default(), start())).unwrap();
        let text = token.expose_secret().to_owned();
        run(sessions.validate(&text, &Origin::unknown(), start())).unwrap();
        let (renewed, session) =
            run(sessions.reauthenticate(&session, &user(), Factor::Totp, start())).unwrap();
        let recent = run(sessions.require_recent(&session, Factor::Totp, HOUR, start())).unwrap();
        let record = run(stored(&sessions, &session));
        let listed = run(sessions.list(&session, start())).unwrap();
        let all = format!(
            "{token:?} {session:?} {recent:?} {record:?} {:?} {listed:?} {sessions:?} {sessions:#?}",
            record.credential
        );
        seen.push_str(&all);
        for token in [&text, renewed.expose_secret()] {
            assert!(!leaks(&seen, secret_of(token)), "{seen}");
        }
        if let Credential::Opaque(digest) = record.credential {
            assert!(!leaks(&seen, &String::from(digest.clone())));
            let bytes = format!("{:?}", digest.as_bytes());
            assert!(!seen.contains(bytes.trim_matches(['[', ']'])));
        }
        let key: Vec<u8> = (b'a'..b'a' + 32).collect();
        assert!(!leaks(&seen, &format!("{key:?}")) && !seen.contains("abcdefgh"), "{seen}");
    }
}

#[test]
fn debug_output_of_the_signing_side_holds_no_key_and_no_signature() {
    let keys = palisade_session::SigningKeys::hs256(ring(&["a", "b"]));
    let (mut seen, tokens) = (format!("{keys:?}"), tokens(&["a", "b"]));
    let good = sign(HEADER, &payload(&[]), &mac_key("a"));
    let claims = tokens.verify(&good, start()).unwrap();
    let session = SessionId::generate().unwrap();
    let new = NewClaims {
        user: &user(),
        session: &session,
        generation: 0,
        issued: start(),
        expires: start() + HOUR,
    };
    let jws = CompactJws::parse(&good).unwrap();
    write!(seen, "{tokens:?} {claims:?} {new:?} {jws:?} {:?}", profile()).unwrap();
    assert!(!leaks(&seen, secret_of(&good)), "{seen}");
    assert!(!seen.contains("97, 98, 99") && !seen.contains("abcdefgh"), "{seen}");
    assert!(!leaks(&seen, good.split('.').nth(1).unwrap()));
    #[cfg(feature = "eddsa")]
    {
        let secret = palisade_secret::SecretBytes::dangerous_unchecked(vec![77; 32]);
        let key = palisade_session::Ed25519Key::new(&secret).unwrap();
        let ring = palisade_secret::Keyring::new("a".parse().unwrap(), key.clone());
        let seen = format!("{key:?} {:?}", palisade_session::SigningKeys::ed25519(ring));
        assert!(!seen.contains("77, 77") && !leaks(&seen, "MMMMMMMM"), "{seen}");
    }
}

fn shown<T, E: Debug + Display>(result: Result<T, E>) -> String {
    result.map_or_else(|error| format!("{error} {error:?}"), |_| String::new())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_refusal_repeats_what_was_presented(
        at in 0_usize..60, other in "\\PC", how in 0_u8..6, signed: bool,
    ) {
        let [opaque, with_keys] = both_kinds(&policy().build().unwrap(), MemoryStore::new);
        let sessions = if signed { with_keys } else { opaque };
        let (token, session) = run(sign_in(&sessions, &user(), start()));
        let changed = match how {
            0 => format!("{}{other}{}", &token[..at], &token[at + 1..]),
            1 => format!("{}{other}{}", &token[..at], &token[at..]),
            2 => token[..at].to_owned(),
            3 => format!("Bearer {token}"),
            4 => token.repeat(100),
            _ => token.clone(),
        };
        run(sessions.sign_out(&session, start())).unwrap();
        let text = shown(run(sessions.validate(&changed, &Origin::unknown(), start())));
        let secret = secret_of(&token);
        prop_assert!(!text.is_empty() && !leaks(&text, secret), "{}", text);
        for text in [
            shown(changed.parse::<SessionId>()),
            shown(changed.parse::<palisade_session::Factors>()),
            shown(changed.parse::<palisade_session::EndReason>()),
            shown(changed.parse::<palisade_session::DeviceLabel>()),
            shown(SecretDigest::try_from(changed.clone())),
            shown(CompactJws::parse(&changed).map(drop)),
            shown(palisade_session::TokenProfile::new(&changed, "").map(drop)),
        ] {
            prop_assert!(!leaks(&text, secret), "{}", text);
        }
    }
}

/// The words of reasons are stable: logs and metrics are keyed on them.
#[test]
fn reasons_are_stable_words() {
    let refused = [
        (TokenRefused::TooLong, "token_too_long"),
        (TokenRefused::Malformed, "token_malformed"),
        (TokenRefused::Extension, "token_extension"),
        (TokenRefused::Algorithm, "token_algorithm"),
        (TokenRefused::Type, "token_type"),
        (TokenRefused::UnknownKey, "token_unknown_key"),
        (TokenRefused::Signature, "token_signature"),
        (TokenRefused::Issuer, "token_issuer"),
        (TokenRefused::Audience, "token_audience"),
        (TokenRefused::Claim("exp"), "token_claim"),
        (TokenRefused::NotYetValid, "token_not_yet_valid"),
        (TokenRefused::Expired, "token_expired"),
    ];
    for (refused, word) in refused {
        assert_eq!(refused.reason(), word);
        assert_eq!(Refused::from(refused).reason(), word);
        assert!(Refused::from(refused).session().is_none());
    }
    let id = SessionId::generate().unwrap();
    for (refused, word) in [
        (Refused::Idle(id), "session_idle"),
        (Refused::Expired(id), "session_expired"),
        (Refused::Superseded(id), "session_superseded"),
    ] {
        assert_eq!((refused.reason(), refused.session()), (word, Some(&id)));
    }
    assert_eq!(Refused::Unknown.reason(), "session_unknown");
    for word in [
        "signed_out",
        "signed_out_elsewhere",
        "replaced",
        "password_changed",
        "second_factor_changed",
        "privilege_changed",
        "too_many_sessions",
        "suspicious_address",
        "suspicious_user_agent",
        "suspicious",
        "keys_rotated",
        "account_closed",
        "administrator",
    ] {
        let reason: palisade_session::EndReason = word.parse().unwrap();
        assert_eq!((reason.as_str(), reason.to_string().as_str()), (word, word));
        let ending = palisade_session::Ending { at: start(), reason };
        assert_eq!(Refused::Ended(id, ending).reason(), word);
    }
}

/// The cause of a failure is for the operator: behind `source`, never in the text.
#[test]
fn the_text_of_a_failure_does_not_tell_its_cause() {
    let cause = || StoreError::new("connection to db.internal refused");
    let texts = [
        cause().to_string(),
        Refused::from(cause()).to_string(),
        CreateError::from(cause()).to_string(),
        ChangeError::from(cause()).to_string(),
        RecentError::from(Refused::from(cause())).to_string(),
        palisade_session::InsertError::from(cause()).to_string(),
    ];
    for text in texts {
        assert!(!text.contains("internal") && !text.is_empty(), "{text}");
    }
    let source = std::error::Error::source(&cause()).map(ToString::to_string);
    assert!(source.unwrap().contains("db.internal"));
    assert!(std::error::Error::source(&Refused::from(cause())).is_some());
}

#[test]
fn the_challenge_of_a_step_up() {
    let step_up = StepUp { factor: Factor::Password, within: 5 * MINUTE };
    assert_eq!(
        step_up.challenge(),
        "Bearer error=\"insufficient_user_authentication\", error_description=\"A more recent \
         authentication is required\", acr_values=\"password\", max_age=\"300\""
    );
    assert!(step_up.to_string().contains("password within the last 300 seconds"));
}
