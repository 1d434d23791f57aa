//! What happens between the start of a message and its end, and what a replay key is made of, to the byte.

use std::time::Duration;

use palisade_secret::SecretBytes;
use palisade_webhook::{
    Algorithm, BuildError, Headers, KeyError, MemoryReplays, PublicKey, Refused, ReplayError,
    ReplayGuard, Scheme, SchemeError, SharedSecret, Signer, Verifier,
};

use crate::kit::{Kit, NOW, at};

const HOUR: u64 = 3_600;

/// A store in memory has nothing to wait for.
fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn secret() -> SharedSecret {
    SharedSecret::from_bytes(SecretBytes::dangerous_unchecked((1..=32).collect())).unwrap()
}

fn verifier(scheme: Scheme) -> Verifier {
    Verifier::builder(scheme).key("a".parse().unwrap(), secret()).build().unwrap()
}

fn sign(scheme: Scheme, body: &[u8]) -> impl Headers {
    let signer = Signer::builder(scheme).key("a".parse().unwrap(), secret()).build().unwrap();
    signer.sign(&"msg_1".parse().unwrap(), at(NOW), body).unwrap()
}

/// A copy of an admitted message that takes its time would otherwise outlive the memory of the guard.
#[test]
fn a_stream_that_ends_too_late_is_too_old() {
    let headers = sign(Scheme::PADDLE, b"{}");
    let ends = |seconds| {
        let mut stream = verifier(Scheme::PADDLE).start(&headers, at(NOW + 1)).unwrap();
        stream.update(b"{}").unwrap();
        stream.finish(at(NOW + seconds)).map(drop)
    };
    assert_eq!(ends(5), Ok(()));
    assert_eq!(ends(6), Err(Refused::TooOld));
}

#[test]
fn a_key_that_ends_while_the_body_comes_counts_no_more() {
    let headers = sign(Scheme::GLACIS, b"{}");
    let verifier = Verifier::builder(Scheme::GLACIS)
        .key_until("a".parse().unwrap(), secret(), at(NOW + 10))
        .build()
        .unwrap();
    for (end, verdict) in [(9, Ok(())), (10, Err(Refused::BadSignature))] {
        let mut stream = verifier.start(&headers, at(NOW)).unwrap();
        stream.update(b"{}").unwrap();
        assert_eq!(stream.finish(at(NOW + end)).map(drop), verdict);
    }
}

#[test]
fn what_was_verified_too_long_ago_is_not_admitted() {
    let guard = ReplayGuard::builder(MemoryReplays::new(9), "only")
        .retention(Duration::from_secs(1))
        .build()
        .unwrap();
    let headers = sign(Scheme::STRIPE, b"{}");
    let verified = verifier(Scheme::STRIPE).verify(&headers, b"{}", at(NOW)).unwrap();
    drop(now_or_never(guard.admit(&verified, at(NOW))).unwrap());
    for (later, duplicate) in [(300, true), (301, false), (24 * HOUR, false)] {
        let error = now_or_never(guard.admit(&verified, at(NOW + later))).unwrap_err();
        assert_eq!(matches!(error, ReplayError::Duplicate), duplicate, "{later}: {error}");
        assert_eq!(matches!(error, ReplayError::Late), !duplicate, "{later}: {error}");
    }
}

/// Of a message that was forgotten and admitted anew, the first admission takes nothing back.
#[test]
fn a_stale_admission_withdraws_nothing() {
    let guard = ReplayGuard::builder(MemoryReplays::new(9), "only")
        .retention(Duration::from_secs(10))
        .build()
        .unwrap();
    let headers = sign(Scheme::GLACIS, b"{}");
    let verified = verifier(Scheme::GLACIS).verify(&headers, b"{}", at(NOW)).unwrap();
    let first = now_or_never(guard.admit(&verified, at(NOW))).unwrap();
    drop(now_or_never(guard.admit(&verified, at(NOW + 10))).unwrap());
    now_or_never(guard.withdraw(first, at(NOW + 11))).unwrap();
    let again = now_or_never(guard.admit(&verified, at(NOW + 12)));
    assert!(matches!(again, Err(ReplayError::Duplicate)));
}

/// What is withdrawn leaves nothing behind that could end a later admission.
#[test]
fn a_withdrawn_admission_does_not_shorten_the_next() {
    let guard = ReplayGuard::builder(MemoryReplays::new(2), "only")
        .retention(Duration::from_secs(10))
        .build()
        .unwrap();
    let verifier = verifier(Scheme::GLACIS);
    let admit = |body: &'static [u8], now| {
        let headers = sign(Scheme::GLACIS, body);
        let verified = verifier.verify(&headers, body, at(now)).unwrap();
        now_or_never(guard.admit(&verified, at(now)))
    };
    now_or_never(guard.withdraw(admit(b"1", NOW).unwrap(), at(NOW))).unwrap();
    drop(admit(b"1", NOW + 5).unwrap());
    drop(admit(b"2", NOW + 5).unwrap());
    // Full, so room is looked for: nothing has come to its end.
    assert!(matches!(admit(b"3", NOW + 12), Err(ReplayError::Full)));
    assert!(matches!(admit(b"1", NOW + 12), Err(ReplayError::Duplicate)));
}

/// Stores keep these keys: another way of making them would forget every message.
#[test]
fn replay_keys_stay_what_they_are() {
    for (scheme, key) in [
        (Scheme::GLACIS, "ef5d38e9ceb253df21c9e88a974ea68bfdfcd45c27558c2cf2c814418dfb63f6"),
        (Scheme::GITHUB, "546ef8da52a51d8a1e0e1e0bb091137a78caeb913b24e6c1afa10f3f36d9978b"),
        (Scheme::STANDARD, "c4c4ff101672ed38cd5d1138234e4d0a33fb945af1ccfacb4c2349799792013a"),
        (Scheme::SVIX, "c4c4ff101672ed38cd5d1138234e4d0a33fb945af1ccfacb4c2349799792013a"),
        (Scheme::STRIPE, "d0f03e7149a72850e40e8fe8b6c7aabb3e99580afbd7c936f3185ed3fcdff374"),
        (Scheme::SLACK, "46ea6f1e802d36182a54c9439738b32416b011b6b0ed6ebdf66d5be0c0ade5c1"),
    ] {
        let headers = sign(scheme, b"{}");
        let verified = verifier(scheme).verify(&headers, b"{}", at(NOW)).unwrap();
        assert_eq!(verified.replay_key().to_string(), key, "{}", scheme.name());
    }
}

#[test]
fn a_key_of_small_order_is_refused() {
    // The points of order 1, 2, 4 and 8 (RFC 8032 leaves them to the application).
    for key in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ] {
        assert!(matches!(PublicKey::from_ed25519_hex(key), Err(KeyError::Unusable(_))), "{key}");
    }
}

#[test]
fn secrets_have_bounds() {
    use base64::Engine as _;
    let whsec = |len| {
        let text = base64::prelude::BASE64_STANDARD.encode(vec![7; len]);
        SharedSecret::from_whsec(&format!("whsec_{text}")).map(drop)
    };
    assert!(matches!(whsec(23), Err(KeyError::Length { got: 23, .. })));
    assert_eq!((whsec(24), whsec(64)), (Ok(()), Ok(())));
    assert!(matches!(whsec(65), Err(KeyError::Length { got: 65, .. })));
    assert_eq!(SharedSecret::from_text(&"a".repeat(4096)).map(drop), Ok(()));
    assert_eq!(SharedSecret::from_text(&"a".repeat(4097)).map(drop), Err(KeyError::TooLong));
    // HMAC fills up with zeros, so zeros alone are the empty key.
    assert_eq!(SharedSecret::from_hex("0000").map(drop), Err(KeyError::Empty));
    assert_eq!(SharedSecret::from_base64("AAAA").map(drop), Err(KeyError::Empty));
    assert_eq!(SharedSecret::from_verbatim_text("\0").map(drop), Err(KeyError::Empty));
}

#[test]
fn a_public_key_that_was_copied_carelessly_is_still_none() {
    for text in [
        "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
        " \twhpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
        "\"whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=\"",
        "\u{feff}WHPK_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
        "-----begin public key-----",
        "MCowBQYDK2VwAyEA1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2",
    ] {
        let refused =
            |made: Result<SharedSecret, KeyError>| matches!(made, Err(KeyError::WrongKind { .. }));
        assert!(refused(SharedSecret::from_verbatim_text(text)), "{text}");
        assert!(refused(SharedSecret::from_whsec(text)), "{text}");
        assert!(refused(SharedSecret::from_base64(text)), "{text}");
    }
}

#[test]
fn an_empty_message_id_is_none() {
    let kit = Kit::new(Scheme::STANDARD, Algorithm::HmacSha256);
    let mut headers = kit.sign(b"{}");
    for (name, value) in &mut headers {
        if name == "webhook-id" {
            value.clear();
        }
    }
    assert_eq!(kit.judge(&headers, b"{}"), Err(Refused::MalformedHeader("webhook-id")));
}

/// 60 seconds to the millisecond, both ways.
#[test]
fn linear_counts_milliseconds() {
    let body = format!(r#"{{"webhookTimestamp":{}}}"#, NOW * 1_000 + 500).into_bytes();
    let headers = sign(Scheme::LINEAR, &body);
    let verifier = verifier(Scheme::LINEAR);
    let after = |millis: u64| at(NOW) + Duration::from_millis(millis);
    let before = |millis: u64| at(NOW) - Duration::from_millis(millis);
    for (now, verdict) in [
        (after(60_500), Ok(())),
        (after(60_501), Err(Refused::TooOld)),
        (before(59_500), Ok(())),
        (before(59_501), Err(Refused::TooNew)),
    ] {
        assert_eq!(verifier.verify(&headers, &body, now).map(drop), verdict);
        let mut stream = verifier.start(&headers, now).unwrap();
        stream.update(&body).unwrap();
        assert_eq!(stream.finish(now).map(drop), verdict);
    }
}

#[test]
fn a_time_in_a_broken_body_is_no_way_around_it() {
    let lenient = verifier(Scheme::LINEAR);
    let strict = Verifier::builder(Scheme::LINEAR)
        .key("a".parse().unwrap(), secret())
        .require_time()
        .build()
        .unwrap();
    let judge = |verifier: &Verifier, body: &str| {
        let headers = sign(Scheme::LINEAR, body.as_bytes());
        verifier.verify(&headers, body.as_bytes(), at(NOW)).map(drop)
    };
    for body in [
        r#"{"webhookTimestamp":1000} x"#,
        r#"{"webhookTimestamp":1000,}"#,
        r#"{"webhookTimestamp":1000"#,
        "{\"webhookTimestamp\":1000}\0",
        "{\"a\":\"\t\",\"webhookTimestamp\":1000}",
        r#"{"webhookTimestamp":1000,"webhookTimestamp":1700000000000}"#,
    ] {
        assert_eq!(judge(&lenient, body), Err(Refused::MalformedBodyTime), "{body}");
        assert_eq!(judge(&strict, body), Err(Refused::MalformedBodyTime), "{body}");
    }
    for body in ["{}", "", "[1]", "text", r#"{"data":{"webhookTimestamp":1000}}"#] {
        assert_eq!(judge(&lenient, body), Ok(()), "{body}");
        assert_eq!(judge(&strict, body), Err(Refused::MalformedBodyTime), "{body}");
    }
    let unused =
        Verifier::builder(Scheme::SLACK).key("a".parse().unwrap(), secret()).require_time().build();
    assert_eq!(unused.unwrap_err(), BuildError::RequireUnused);
}

#[test]
fn schemes_whose_settings_have_no_effect_are_refused() {
    const LABELS: &[(&str, Algorithm)] = &[("v1", Algorithm::HmacSha256)];
    let plain = Scheme::hmac_sha256("x", "x-sig");
    for (scheme, error) in [
        (plain.prefix("a=").labelled(',', '=', LABELS), SchemeError::PrefixUnused),
        (plain.labelled(',', '=', LABELS).prefix("a="), SchemeError::PrefixUnused),
        (plain.time_in_body("", Duration::ZERO), SchemeError::Text("")),
        (plain.time_in_body("zeité", Duration::ZERO), SchemeError::Text("zeité")),
        (Scheme::hmac_sha256("", "x-sig"), SchemeError::Name("")),
    ] {
        assert_eq!(scheme.check(), Err(error));
    }
}

#[test]
fn two_schemes_side_by_side_have_keys_of_their_own() {
    let signer = |scheme, secret: &SharedSecret| {
        Signer::builder(scheme).key("a".parse().unwrap(), secret).build().unwrap()
    };
    let same = signer(Scheme::GLACIS, &secret()).beside(signer(Scheme::STANDARD, &secret()));
    assert_eq!(same.unwrap_err(), BuildError::SameKey);
    let other = SharedSecret::from_text("another one").unwrap();
    assert!(signer(Scheme::GLACIS, &other).beside(signer(Scheme::STANDARD, &secret())).is_ok());
    // The same scheme under both names, which our verifiers take as one.
    let both = signer(Scheme::STANDARD, &secret()).beside(signer(Scheme::SVIX, &secret())).unwrap();
    let headers = both.sign(&"msg_1".parse().unwrap(), at(NOW), b"{}").unwrap();
    for scheme in [Scheme::STANDARD, Scheme::SVIX] {
        assert!(verifier(scheme).verify(&headers, b"{}", at(NOW)).is_ok());
    }
    let upper = Scheme::hmac_sha256("upper", "X-GLACIS-SIGNATURE");
    let clash = signer(Scheme::GLACIS, &other).beside(signer(upper, &secret()));
    assert_eq!(clash.unwrap_err(), BuildError::SameHeader("x-glacis-signature"));
}

/// Each pair of a public key and a signature costs a pass over the body, before anything is known of the sender.
#[test]
fn the_pairs_of_public_keys_and_signatures_have_a_bound() {
    use palisade_webhook::PrivateKey;
    let keys: Vec<PrivateKey> = (0..4).map(|_| PrivateKey::generate_ed25519().unwrap()).collect();
    let judge = |held: usize, signatures: usize| {
        let mut verifier = Verifier::builder(Scheme::STANDARD);
        for (n, key) in keys[..held].iter().enumerate() {
            verifier = verifier.key(format!("k{n}").parse().unwrap(), key.public_key());
        }
        let signer =
            Signer::builder(Scheme::STANDARD).key("a".parse().unwrap(), &keys[0]).build().unwrap();
        let signed = signer.sign(&"msg_1".parse().unwrap(), at(NOW), b"{}").unwrap();
        let headers: Vec<(&str, String)> = signed
            .iter()
            .map(|(name, value)| {
                let times = if name == "webhook-signature" { signatures } else { 1 };
                (name, vec![value; times].join(" "))
            })
            .collect();
        verifier.build().unwrap().verify(&headers, b"{}", at(NOW)).map(drop)
    };
    assert_eq!((judge(1, 16), judge(4, 4), judge(4, 1)), (Ok(()), Ok(()), Ok(())));
    assert_eq!(judge(4, 5), Err(Refused::TooManySignatures("webhook-signature")));
}
