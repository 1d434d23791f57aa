//! Bugs of other libraries, each a test.

use std::time::Duration;

use palisade_webhook::{
    MemoryReplays, Refused, ReplayError, ReplayGuard, Scheme, SharedSecret, Verifier,
};

use crate::kit::{NOW, at, base64, hex, mac, secret};

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const BODY: &[u8] = b"{}";

fn verifier(scheme: Scheme) -> Verifier {
    Verifier::builder(scheme).key("a".parse().unwrap(), secret(KEY)).build().unwrap()
}

fn standard(id: &str, time: &str, signature: &str) -> [(&'static str, String); 3] {
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", time.to_owned()),
        ("webhook-signature", signature.to_owned()),
    ]
}

/// A good signature of Standard Webhooks over whatever the id and time are.
fn signed(id: &str, time: &str, body: &[u8]) -> [(&'static str, String); 3] {
    let mac = mac(KEY, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
    standard(id, time, &format!("v1,{}", base64(&mac)))
}

/// standardwebhooks-rs 1.0.2 subtracts what a stranger wrote from now, and panics.
#[test]
fn bug_01_a_timestamp_at_the_end_of_an_integer_overflows() {
    let verifier = verifier(Scheme::STANDARD);
    for (time, refused) in [
        ("-9223372036854775808", Refused::MalformedHeader("webhook-timestamp")),
        ("-1", Refused::MalformedHeader("webhook-timestamp")),
        ("0", Refused::TooOld),
        ("9223372036854775807", Refused::TooNew),
        ("9223372036854775808", Refused::TooNew),
        ("18446744073709551615", Refused::TooNew),
        ("18446744073709551616", Refused::MalformedHeader("webhook-timestamp")),
        ("340282366920938463463374607431768211456", Refused::MalformedHeader("webhook-timestamp")),
    ] {
        for now in [at(0), at(NOW), at(u64::from(u32::MAX) * 1_000)] {
            let headers = signed("a", time, BODY);
            let verdict = verifier.verify(&headers, BODY, now).map(drop);
            if (time, now) == ("0", at(0)) {
                assert_eq!(verdict, Ok(()));
            } else {
                assert_eq!(verdict, Err(refused), "{time}");
            }
            assert_eq!(verifier.start(&headers, now).is_ok(), verdict.is_ok());
        }
    }
}

/// Three libraries decode the body to text before they hash it, so two bodies have one signature.
#[test]
fn bug_02_a_body_is_bytes_and_not_text() {
    let verifier = verifier(Scheme::GITHUB);
    for (body, signed) in [
        (b"\xff".as_slice(), "\u{fffd}".as_bytes()),
        (b"\xff\xfe", "\u{fffd}\u{fffd}".as_bytes()),
        (b"\xef\xbb\xbf{}", b"{}"),
        (b"a\r\nb", b"a\nb"),
        (b"a\0b", b"a"),
        ("e\u{301}".as_bytes(), "\u{e9}".as_bytes()),
    ] {
        let headers =
            |over| [("x-hub-signature-256", format!("sha256={}", hex(&mac(KEY, &[over]))))];
        assert_eq!(
            verifier.verify(&headers(signed), body, at(NOW)).map(drop),
            Err(Refused::BadSignature)
        );
        let headers = headers(body);
        let verified = verifier.verify(&headers, body, at(NOW));
        assert_eq!(verified.unwrap().body(), body);
    }
}

/// Stripe's libraries for Node and Python accept any time to come, and a tolerance of 0 is no check.
#[test]
fn bug_03_the_tolerance_holds_both_ways_and_zero_means_zero() {
    let header = |time: u64| {
        let mac = mac(KEY, &[time.to_string().as_bytes(), b".", BODY]);
        [("stripe-signature", format!("t={time},v1={}", hex(&mac)))]
    };
    let strict = |seconds| {
        Verifier::builder(Scheme::STRIPE)
            .key("a".parse().unwrap(), secret(KEY))
            .tolerance(Duration::from_secs(seconds))
            .build()
            .unwrap()
    };
    for tolerance in [0, 1, 300] {
        let verifier = strict(tolerance);
        for (time, verdict) in [
            (NOW - tolerance - 1, Err(Refused::TooOld)),
            (NOW - tolerance, Ok(())),
            (NOW, Ok(())),
            (NOW + tolerance, Ok(())),
            (NOW + tolerance + 1, Err(Refused::TooNew)),
            (NOW * 2, Err(Refused::TooNew)),
        ] {
            assert_eq!(verifier.verify(&header(time), BODY, at(NOW)).map(drop), verdict, "{time}");
        }
    }
}

/// standardwebhooks for Python answers bad base64 with an exception of another kind, decodes leniently, and
/// reads digits of other scripts.
#[test]
fn bug_04_base64_and_digits_have_one_form() {
    let verifier = verifier(Scheme::STANDARD);
    let time = NOW.to_string();
    let mac = mac(KEY, &[b"a.", time.as_bytes(), b".", BODY]);
    let good = base64(&mac);
    assert!(verifier.verify(&standard("a", &time, &format!("v1,{good}")), BODY, at(NOW)).is_ok());
    let cut = good.trim_end_matches('=');
    for lenient in [
        cut.to_owned(),
        format!("{cut}=="),
        format!("{good}="),
        format!("{good}\n"),
        format!("{}\n{}", &good[..20], &good[20..]),
        format!("{}!{}", &good[..20], &good[20..]),
        good.replace('=', "%3D"),
        good.replace(['+', '/'], "-"),
        // The last character holds two bits that mean nothing.
        format!("{}{}=", &cut[..cut.len() - 1], next_letter(cut)),
        "=".into(),
        "====".into(),
        "\u{ff21}".into(),
        String::new(),
    ] {
        if lenient == good {
            continue; // There was nothing to replace in it.
        }
        let headers = standard("a", &time, &format!("v1,{lenient}"));
        let verdict = verifier.verify(&headers, BODY, at(NOW)).map(drop);
        assert_eq!(verdict, Err(Refused::BadSignature), "{lenient:?}");
    }
    for digits in [
        "１７００００００００",
        "١٧٠٠٠٠٠٠٠٠",
        "1_700_000_000",
        "1700000000.0",
        "+1700000000",
        "01700000000",
        "1.7e9",
        "",
    ] {
        assert_eq!(
            verifier.verify(&signed("a", digits, BODY), BODY, at(NOW)).map(drop),
            Err(Refused::MalformedHeader("webhook-timestamp")),
            "{digits}"
        );
    }
}

/// The character after the last of base64, which stands for the same bytes to a lenient decoder.
fn next_letter(base64: &str) -> char {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let last = base64.bytes().last().unwrap();
    let place = ALPHABET.iter().position(|letter| *letter == last).unwrap();
    char::from(ALPHABET[place + 1])
}

/// Some decode a base64url secret as base64 and sign with another key, without a word.
#[test]
fn bug_05_a_base64url_secret_is_refused() {
    let bytes = [0xfb; 32];
    let good = base64(&bytes);
    assert!(good.contains('+') && good.ends_with('='));
    let whsec = |text: &str| SharedSecret::from_whsec(&format!("whsec_{text}"));
    assert_eq!(whsec(&good).unwrap().expose_secret(), bytes);
    for wrong in [
        good.replace('+', "-"),
        good.replace('/', "_"),
        good.trim_end_matches('=').to_owned(),
        format!("{good}\n"),
        format!(" {good}"),
        good.replacen('+', " ", 1),
        format!("{}\n{}", &good[..20], &good[20..]),
    ] {
        if wrong != good {
            assert!(whsec(&wrong).is_err(), "{wrong:?}");
            assert!(SharedSecret::from_base64(&wrong).is_err(), "{wrong:?}");
        }
    }
}

/// Three libraries crash over a signature that is not ASCII.
#[test]
fn bug_06_a_signature_that_is_not_ascii_is_refused() {
    for scheme in Scheme::ALL {
        let algorithm = scheme.algorithms().next().unwrap();
        let kit = crate::kit::Kit::new(scheme, algorithm);
        for (field, _) in scheme.headers().enumerate() {
            for garbage in [b"\xff\xfe".as_slice(), "ключ".as_bytes(), b"\xc3", b"\0", b"\r\n"]
            {
                let mut headers = kit.sign(BODY);
                headers[field].1 = garbage.to_vec();
                assert!(kit.judge(&headers, BODY).is_err(), "{}", scheme.name());
                let mut headers = kit.sign(BODY);
                headers[field].1.extend(garbage);
                assert!(kit.judge(&headers, BODY).is_err(), "{}", scheme.name());
            }
        }
    }
}

/// octokit's build for the web reads pairs of hex wherever they stand.
#[test]
fn bug_07_hex_has_nothing_between_its_pairs() {
    let verifier = verifier(Scheme::GITHUB);
    let good = hex(&mac(KEY, &[BODY]));
    let pairs: Vec<&str> = (0..32).map(|n| &good[n * 2..n * 2 + 2]).collect();
    for garbage in [" ", ":", "-", "zz", "\0", "0x"] {
        let value = format!("sha256={}", pairs.join(garbage));
        let verdict = verifier.verify(&[("x-hub-signature-256", value)], BODY, at(NOW)).map(drop);
        assert_eq!(verdict, Err(Refused::MalformedHeader("X-Hub-Signature-256")));
    }
    for value in [
        format!("sha256=0x{good}"),
        format!("sha256={}", good.to_uppercase()),
        format!("SHA256={good}"),
        format!("sha1={good}"),
        format!("sha256= {good}"),
        format!("sha256={good}{good}"),
        good,
    ] {
        assert!(verifier.verify(&[("x-hub-signature-256", value)], BODY, at(NOW)).is_err());
    }
}

/// Paddle's library keeps the last `h1` alone, so a rotation breaks.
#[test]
fn bug_08_any_of_several_signatures_may_match() {
    let (old, new) = (b"the old secret".as_slice(), b"the new secret".as_slice());
    let sign = |key| hex(&mac(key, &[NOW.to_string().as_bytes(), b":", BODY]));
    for order in [[old, new], [new, old]] {
        let value = format!("ts={NOW};h1={};h1={}", sign(order[0]), sign(order[1]));
        for key in [old, new] {
            let verifier = Verifier::builder(Scheme::PADDLE)
                .key("a".parse().unwrap(), secret(key))
                .build()
                .unwrap();
            assert!(verifier.verify(&[("paddle-signature", &value)], BODY, at(NOW)).is_ok());
        }
    }
}

/// An id with a full stop moves the border between id, time and body.
#[test]
fn bug_09_two_messages_never_have_the_same_signed_bytes() {
    let verifier = verifier(Scheme::STANDARD);
    let time = NOW.to_string();
    let inner = format!("{time}.x");
    let [_, _, (_, signature)] = signed("a", &time, inner.as_bytes());
    let twin = standard(&format!("a.{time}"), &time, &signature);
    assert!(verifier.verify(&standard("a", &time, &signature), inner.as_bytes(), at(NOW)).is_ok());
    assert_eq!(
        verifier.verify(&twin, b"x", at(NOW)).map(drop),
        Err(Refused::MalformedHeader("webhook-id"))
    );
    // Nothing stands between Discord's time and body, so the time has ten digits.
    let kit = crate::kit::Kit::new(Scheme::DISCORD, palisade_webhook::Algorithm::Ed25519);
    let mut headers = kit.sign(b"0{}");
    assert_eq!(kit.judge(&headers, b"0{}"), Ok(()));
    headers[0].1.push(b'0');
    assert_eq!(kit.judge(&headers, b"{}"), Err(Refused::MalformedHeader("X-Signature-Timestamp")));
}

/// A key made of GitHub's delivery id, which is not signed, is got round with a new one.
#[tokio::test]
async fn bug_10_a_replay_key_is_made_of_what_is_signed() {
    let verifier = verifier(Scheme::GITHUB);
    let guard = ReplayGuard::builder(MemoryReplays::new(10), "test").build().unwrap();
    let signature = format!("sha256={}", hex(&mac(KEY, &[BODY])));
    for attempt in 0..3 {
        let headers = [
            ("X-GitHub-Delivery", format!("delivery-{attempt}")),
            ("X-Hub-Signature-256", signature.clone()),
        ];
        let verified = verifier.verify(&headers, BODY, at(NOW)).unwrap();
        let admitted = guard.admit(&verified, at(NOW + attempt)).await;
        match attempt {
            0 => drop(admitted.unwrap()),
            _ => assert!(matches!(admitted, Err(ReplayError::Duplicate))),
        }
    }
}
