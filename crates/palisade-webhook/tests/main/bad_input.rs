//! What a stranger may send.

use palisade_webhook::{
    Algorithm, BuildError, KeyError, Refused, Scheme, SharedSecret, Signer, Verifier,
};

use crate::kit::{Kit, NOW, at, every_kind};

const BODY: &[u8] = b"{}";

#[test]
fn an_empty_secret_is_refused() {
    let empty = palisade_secret::SecretBytes::dangerous_unchecked(Vec::new());
    assert_eq!(SharedSecret::from_text("").err(), Some(KeyError::Empty));
    assert_eq!(SharedSecret::from_verbatim_text("").err(), Some(KeyError::Empty));
    assert_eq!(SharedSecret::from_hex("").err(), Some(KeyError::Empty));
    assert_eq!(SharedSecret::from_base64("").err(), Some(KeyError::Empty));
    assert_eq!(SharedSecret::from_whsec("").err(), Some(KeyError::Empty));
    assert_eq!(SharedSecret::from_whsec("whsec_").err(), Some(KeyError::Empty));
    assert_eq!(SharedSecret::from_bytes(empty).err(), Some(KeyError::Empty));
    assert!(SharedSecret::from_text(" \n").is_err());
    for scheme in Scheme::ALL {
        assert_eq!(Verifier::builder(scheme).build().err(), Some(BuildError::NoKey));
        assert_eq!(Signer::builder(scheme).build().err(), Some(BuildError::NoKey));
    }
}

#[test]
fn an_empty_body_is_a_body() {
    for (scheme, algorithm) in every_kind() {
        let kit = Kit::new(scheme, algorithm);
        let headers = kit.sign(b"");
        assert_eq!(kit.judge(&headers, b""), Ok(()), "{}", scheme.name());
        assert!(kit.judge(&headers, b"\0").is_err());
    }
}

#[test]
fn a_header_of_64_kib_is_refused() {
    for (scheme, algorithm) in every_kind() {
        let kit = Kit::new(scheme, algorithm);
        let good = kit.sign(BODY);
        for field in 0..good.len() {
            for filling in [b'a', b' ', b',', b'=', b'0', 0xff] {
                let mut headers = good.clone();
                headers[field].1.resize(64 * 1024, filling);
                let verdict = kit.judge(&headers, BODY);
                assert!(
                    matches!(verdict, Err(Refused::HeaderTooLong(name)) if name == headers[field].0),
                    "{}: {verdict:?}",
                    scheme.name()
                );
            }
        }
    }
}

#[test]
fn a_thousand_signatures_are_refused() {
    for (scheme, entry, separator) in [
        (Scheme::STANDARD, "v1,a", " "),
        (Scheme::STRIPE, "v1=a", ","),
        (Scheme::PADDLE, "h1=a", ";"),
    ] {
        let kit = Kit::new(scheme, Algorithm::HmacSha256);
        let good = kit.sign(BODY);
        let with = |more: &str, count: usize| {
            let mut headers = good.clone();
            let value = &mut headers.last_mut().unwrap().1;
            (0..count).for_each(|_| value.extend([separator, more].concat().bytes()));
            headers
        };
        let refused = Refused::TooManySignatures(scheme.headers().last().unwrap());
        assert_eq!(kit.judge(&with(entry, 1_000), BODY), Err(refused));
        // Sixteen with the good one.
        assert_eq!(kit.judge(&with(entry, 16), BODY), Err(refused));
        assert_eq!(kit.judge(&with(entry, 15), BODY), Ok(()));
        // Entries that are not known are no signatures, malformed siblings hide nothing.
        assert_eq!(kit.judge(&with("zz", 1_000), BODY), Ok(()));
        assert_eq!(kit.judge(&with("v9=a", 1_000), BODY), Ok(()));
        assert_eq!(kit.judge(&with(&entry.replace('a', "\u{e9}\0=,"), 3), BODY), Ok(()));
    }
}

#[test]
fn a_lower_cap_of_signatures_counts() {
    let secret = crate::kit::secret(b"k");
    let builder =
        || Verifier::builder(Scheme::STRIPE).key("a".parse().unwrap(), &secret).max_signatures(2);
    let verifier = builder().build().unwrap();
    let header = |count| [("stripe-signature", format!("t={NOW}{}", ",v1=a".repeat(count)))];
    assert_eq!(verifier.verify(&header(2), BODY, at(NOW)).map(drop), Err(Refused::BadSignature));
    assert_eq!(
        verifier.verify(&header(3), BODY, at(NOW)).map(drop),
        Err(Refused::TooManySignatures("Stripe-Signature"))
    );
    assert_eq!(builder().max_signatures(0).build().err(), Some(BuildError::Zero("max_signatures")));
    assert_eq!(
        builder().max_signatures(17).build().err(),
        Some(BuildError::TooHigh("max_signatures"))
    );
    assert_eq!(builder().max_body(0).build().err(), Some(BuildError::Zero("max_body")));
}

#[test]
fn a_header_that_is_missing_or_there_twice_is_refused() {
    for (scheme, algorithm) in every_kind() {
        let kit = Kit::new(scheme, algorithm);
        let good = kit.sign(BODY);
        for (field, name) in scheme.headers().enumerate() {
            let mut without = good.clone();
            without.remove(field);
            assert_eq!(kit.judge(&without, BODY), Err(Refused::MissingHeader(name)));
            for other in [good[field].1.clone(), b"x".to_vec(), Vec::new()] {
                for place in [0, good.len()] {
                    for name_of in [name.to_lowercase(), name.to_uppercase()] {
                        let mut twice = good.clone();
                        twice.insert(place, (name_of, other.clone()));
                        let verdict = kit.judge(&twice, BODY);
                        assert_eq!(verdict, Err(Refused::DuplicateHeader(name)));
                    }
                }
            }
        }
    }
}

#[test]
fn headers_under_both_names_are_refused() {
    let kinds = [("webhook-", "svix-", Scheme::STANDARD), ("svix-", "webhook-", Scheme::SVIX)];
    for (own, other, scheme) in kinds {
        let kit = Kit::new(scheme, Algorithm::HmacSha256);
        let good = kit.sign(BODY);
        let renamed: Vec<_> =
            good.iter().map(|(name, value)| (name.replace(own, other), value.clone())).collect();
        assert_eq!(kit.judge(&renamed, BODY), Ok(()));
        for some in 0..8_u8 {
            let mut mixed = Vec::new();
            for (at, field) in good.iter().enumerate() {
                mixed.push(if some & (1 << at) == 0 { field } else { &renamed[at] }.clone());
            }
            let verdict = kit.judge(&mixed, BODY);
            match some {
                0 | 7 => assert_eq!(verdict, Ok(())),
                _ => assert!(
                    matches!(verdict, Err(Refused::MixedHeaders(..) | Refused::MissingHeader(_))),
                    "{verdict:?}"
                ),
            }
        }
        // Some senders write all of them twice. With a second id, nobody can tell which one was meant.
        let mut twice = [good.clone(), renamed].concat();
        assert_eq!(kit.judge(&twice, BODY), Ok(()));
        twice[3].1.push(b'x');
        assert!(matches!(kit.judge(&twice, BODY), Err(Refused::MixedHeaders(..))));
    }
}

/// RFC 9110 section 5.5: spaces and tabs around a value do not belong to it.
#[test]
fn white_space_around_a_value_is_none_of_it_and_within_is() {
    for (scheme, algorithm) in every_kind() {
        let kit = Kit::new(scheme, algorithm);
        let good = kit.sign(BODY);
        for field in 0..good.len() {
            for (before, after) in [(" ", ""), ("", " "), ("\t", "\t"), (" \t ", "\t \t")] {
                let mut padded = good.clone();
                padded[field].1 = [before.as_bytes(), &good[field].1, after.as_bytes()].concat();
                assert_eq!(kit.judge(&padded, BODY), Ok(()), "{}", scheme.name());
            }
            for line_end in ["\n", "\r\n", "\u{b}", "\u{c}", "\u{a0}", "\0"] {
                let mut padded = good.clone();
                padded[field].1.extend(line_end.bytes());
                assert!(kit.judge(&padded, BODY).is_err(), "{}: {line_end:?}", scheme.name());
                padded = good.clone();
                padded[field].1 = [line_end.as_bytes(), &good[field].1].concat();
                assert!(kit.judge(&padded, BODY).is_err(), "{}: {line_end:?}", scheme.name());
            }
        }
    }
}

#[test]
fn times_are_canonical_wherever_they_stand() {
    let hostile = [
        "",
        "-",
        "+",
        "+1700000000",
        "-1700000000",
        "0x6553f100",
        "1700000000.",
        "1700000000.5",
        "1700000000e0",
        "1_700_000_000",
        "00000000001700000000",
        "1700000000 1",
        "\u{ff11}700000000",
        "17000000000000000000000",
        "NaN",
        "Infinity",
        "null",
        "1700000000\u{661}",
    ];
    for (scheme, algorithm) in every_kind().filter(|(scheme, _)| scheme.has_time()) {
        let kit = Kit::new(scheme, algorithm);
        for time in hostile {
            let headers: Vec<_> = kit
                .sign(BODY)
                .into_iter()
                .map(|(name, value)| {
                    let text = String::from_utf8(value).unwrap();
                    (name, text.replace(&NOW.to_string(), time).into_bytes())
                })
                .collect();
            let changed = headers != kit.sign(BODY);
            if changed {
                let verdict = kit.judge(&headers, BODY);
                assert!(
                    matches!(verdict, Err(Refused::MalformedHeader(_))),
                    "{}: {time:?}: {verdict:?}",
                    scheme.name()
                );
            } else {
                assert_eq!(scheme.name(), "linear");
            }
        }
    }
}

#[test]
fn a_body_over_the_cap_is_refused_before_it_is_hashed() {
    let secret = crate::kit::secret(b"k");
    let verifier = Verifier::builder(Scheme::GITHUB)
        .key("a".parse().unwrap(), &secret)
        .max_body(10)
        .build()
        .unwrap();
    let signer =
        Signer::builder(Scheme::GITHUB).key("a".parse().unwrap(), &secret).build().unwrap();
    for (len, fits) in [(9, true), (10, true), (11, false), (100, false)] {
        let body = vec![b'x'; len];
        let headers = signer.sign(&"m".parse().unwrap(), at(NOW), &body).unwrap();
        let verdict = verifier.verify(&headers, &body, at(NOW)).map(drop);
        assert_eq!(verdict, if fits { Ok(()) } else { Err(Refused::BodyTooLarge) });
        let mut stream = verifier.start(&headers, at(NOW)).unwrap();
        let taken = body.chunks(4).map(|chunk| stream.update(chunk)).collect::<Vec<_>>();
        assert_eq!(taken.contains(&Err(Refused::BodyTooLarge)), !fits);
        // An update whose error was overlooked does not make the rest acceptable.
        assert_eq!(stream.update(b"").is_ok(), fits);
        assert_eq!(stream.finish(at(NOW)).map(drop), verdict);
    }
}
