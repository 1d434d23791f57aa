//! A verifier, a signer or a scheme that cannot be right is refused when it is made.

use std::time::Duration;

use palisade_webhook::{
    Algorithm, BuildError, Encoding, MAX_KEYS, Part, PrivateKey, Scheme, SchemeError, Signer,
    Verifier,
};

use crate::kit::{URL, secret};

const LABELS: &[(&str, Algorithm)] = &[("v1", Algorithm::HmacSha256)];

const fn plain() -> Scheme {
    Scheme::hmac_sha256("test", "x-signature")
}

#[test]
fn every_scheme_of_the_crate_is_sound() {
    for scheme in Scheme::ALL {
        assert_eq!(scheme.check(), Ok(()), "{}", scheme.name());
        assert_eq!(Scheme::by_name(scheme.name()).map(|found| found.name()), Some(scheme.name()));
    }
    assert!(Scheme::by_name("Stripe").is_none());
}

/// A character beyond ASCII is not cut down to the byte that it happens to end with.
#[test]
fn separators_are_ascii() {
    for (separator, assign) in
        [('\u{12c}', '='), (',', '\u{13d}'), ('\u{ff0c}', '='), (',', '\u{80}')]
    {
        let scheme = plain().labelled(separator, assign, LABELS);
        assert_eq!(scheme.check(), Err(SchemeError::Labels), "{separator} {assign}");
    }
    assert_eq!(plain().labelled(',', '=', LABELS).check(), Ok(()));
}

/// A separator that a signature may hold would cut it in two: nothing could ever be verified.
#[test]
fn separators_are_no_characters_of_a_signature() {
    for separator in ['a', 'f', '0', '9', 'Z', 'z'] {
        let scheme = plain().labelled(separator, '=', LABELS);
        assert_eq!(scheme.check(), Err(SchemeError::Labels), "{separator}");
    }
    for (encoding, separators) in [(Encoding::Base64, "+/="), (Encoding::Base64Url, "-_")] {
        for separator in separators.chars() {
            let scheme = plain().encoding(encoding).labelled(separator, ':', LABELS);
            assert_eq!(scheme.check(), Err(SchemeError::Labels), "{separator}");
        }
    }
    assert_eq!(plain().labelled('-', '=', LABELS).check(), Ok(()));
}

#[test]
fn labels_are_there_once_and_hold_no_separator() {
    use Algorithm::{Ed25519, HmacSha256};

    let labels: [&'static [(&'static str, Algorithm)]; 6] = [
        &[],
        &[("", HmacSha256)],
        &[("a", HmacSha256), ("a", Ed25519)],
        &[("a,b", HmacSha256)],
        &[("a=b", HmacSha256)],
        &[("t", HmacSha256)],
    ];
    for labels in labels {
        let scheme = plain()
            .labelled(',', '=', labels)
            .time_label("t", Duration::from_secs(1))
            .signs(&[Part::Time, Part::Text(".")]);
        assert_eq!(scheme.check(), Err(SchemeError::Labels), "{labels:?}");
    }
    for (separator, assign) in [(',', ','), ('\n', '='), (',', ' '), ('\0', '=')] {
        let scheme = plain().labelled(separator, assign, LABELS);
        assert_eq!(scheme.check(), Err(SchemeError::Labels), "{separator:?} {assign:?}");
    }
}

#[test]
fn what_is_told_is_signed_and_what_is_signed_is_told() {
    let minute = Duration::from_mins(1);
    for (scheme, error) in [
        (plain().time_header("x-time", minute), SchemeError::Unsigned("time")),
        (plain().id_header("x-id"), SchemeError::Unsigned("message id")),
        (plain().signs(&[Part::Time, Part::Text(".")]), SchemeError::Nowhere("time")),
        (plain().signs(&[Part::Id, Part::Text(".")]), SchemeError::Nowhere("message id")),
        (
            plain().time_in_body("time", minute).signs(&[Part::Time, Part::Text(".")]),
            SchemeError::Nowhere("time"),
        ),
        (plain().signs(&[Part::Url, Part::Url]), SchemeError::Twice("URL")),
        (plain().time_header("X-Signature", minute), SchemeError::SameHeader("X-Signature")),
        (plain().key_header("X-SIGNATURE"), SchemeError::SameHeader("X-SIGNATURE")),
        (plain().id_header("x id"), SchemeError::HeaderName("x id")),
        (plain().prefix("a b"), SchemeError::Text("a b")),
        (plain().signs(&[Part::Text("")]), SchemeError::Text("")),
    ] {
        let found = scheme.check();
        // Two of one name are told in the order of `headers`.
        let same = matches!((&found, &error), (Err(SchemeError::SameHeader(a)), SchemeError::SameHeader(b)) if a.eq_ignore_ascii_case(b));
        assert!(same || found == Err(error), "{found:?}, not {error:?}");
        assert_eq!(
            Verifier::builder(scheme).key("a".parse().unwrap(), secret(b"k")).build().err(),
            found.err().map(BuildError::Scheme)
        );
    }
}

#[test]
fn two_messages_cannot_look_the_same() {
    let minute = Duration::from_mins(1);
    let timed = || plain().id_header("x-id").time_header("x-time", minute);
    let parts: [(&'static [Part], &'static str); 6] = [
        (&[Part::Id, Part::Time], "message id"),
        (&[Part::Time, Part::Id], "time"),
        (&[Part::Time, Part::Text("."), Part::Id], "message id"),
        (&[Part::Time, Part::Text("0."), Part::Id, Part::Text(".")], "time"),
        (&[Part::Text("."), Part::Id, Part::Time, Part::Text(".")], "message id"),
        (&[Part::Id, Part::Url, Part::Time], "message id"),
    ];
    for (parts, what) in parts {
        assert_eq!(timed().signs(parts).check(), Err(SchemeError::Ambiguous(what)), "{parts:?}");
    }
    assert_eq!(timed().signs(&[Part::Id, Part::Text("\n"), Part::Time]).check(), Ok(()));
}

#[test]
fn a_tolerance_without_end_is_refused() {
    let build = |scheme, tolerance| {
        let builder = Verifier::builder(scheme).key("a".parse().unwrap(), secret(b"k"));
        builder.tolerance(tolerance).build().err()
    };
    let ten_years = Duration::from_hours(10 * 365 * 24);
    assert_eq!(build(Scheme::STRIPE, ten_years), None);
    for tolerance in [ten_years + Duration::from_nanos(1), Duration::MAX] {
        assert_eq!(build(Scheme::STRIPE, tolerance), Some(BuildError::TooHigh("tolerance")));
    }
    let own = plain().time_header("x-time", Duration::MAX).signs(&[Part::Time, Part::Text(".")]);
    let verifier = Verifier::builder(own).key("a".parse().unwrap(), secret(b"k"));
    assert_eq!(verifier.build().err(), Some(BuildError::TooHigh("tolerance")));
    assert_eq!(build(Scheme::GLACIS, ten_years), Some(BuildError::ToleranceUnused));
    let any_age = Verifier::builder(Scheme::GITHUB).key("a".parse().unwrap(), secret(b"k"));
    assert_eq!(any_age.dangerous_any_age().build().err(), Some(BuildError::ToleranceUnused));
}

#[test]
fn keys_fit_the_scheme_and_stand_there_once() {
    let id = |n: usize| format!("key-{n}").parse().unwrap();
    let with = |count: usize| {
        let builder = Verifier::builder(Scheme::GITHUB);
        (0..count).fold(builder, |builder, n| builder.key(id(n), secret(b"k"))).build().err()
    };
    assert_eq!(with(0), Some(BuildError::NoKey));
    assert_eq!(with(MAX_KEYS), None);
    assert_eq!(with(MAX_KEYS + 1), Some(BuildError::TooManyKeys));
    let twice = Verifier::builder(Scheme::GITHUB).key(id(1), secret(b"k")).key(id(1), secret(b"l"));
    assert_eq!(twice.build().err(), Some(BuildError::DuplicateKey(id(1))));

    let private = PrivateKey::generate_ed25519().unwrap();
    for scheme in Scheme::ALL {
        let url = |takes| if scheme.signs_url() { takes } else { "" };
        let mut verifier = Verifier::builder(scheme).key(id(1), private.public_key());
        let mut signer = Signer::builder(scheme).key(id(1), &private);
        if !url(URL).is_empty() {
            (verifier, signer) = (verifier.url(URL), signer.url(URL));
        }
        let fits = scheme.algorithms().any(|algorithm| algorithm == Algorithm::Ed25519);
        assert_eq!(verifier.build().is_ok(), fits, "{}", scheme.name());
        assert_eq!(signer.build().is_ok(), fits, "{}", scheme.name());
        let shared = Verifier::builder(scheme).key(id(1), secret(b"k"));
        let shared = if scheme.signs_url() { shared.url(URL) } else { shared };
        let fits = scheme.algorithms().any(|algorithm| algorithm == Algorithm::HmacSha256);
        assert_eq!(shared.build().is_ok(), fits, "{}", scheme.name());
    }
}

#[test]
fn a_url_is_given_where_it_is_signed_and_nowhere_else() {
    let builder = |scheme| Verifier::builder(scheme).key("a".parse().unwrap(), secret(b"k"));
    assert_eq!(builder(Scheme::SQUARE).build().err(), Some(BuildError::NoUrl));
    assert_eq!(builder(Scheme::SQUARE).url("").build().err(), Some(BuildError::NoUrl));
    assert_eq!(builder(Scheme::GITHUB).url(URL).build().err(), Some(BuildError::UrlUnused));
    let signer = Signer::builder(Scheme::SQUARE).key("a".parse().unwrap(), secret(b"k"));
    assert_eq!(signer.build().err(), Some(BuildError::NoUrl));
}
