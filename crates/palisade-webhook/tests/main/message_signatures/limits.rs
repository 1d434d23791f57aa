//! Hostile headers: each is refused, and nothing panics.

use palisade_webhook::{
    Component, InvalidComponent, MessageRefused, MessageRequest, MessageSignError, MessageSigner,
    MessageSignerBuilder, MessageVerifier, SharedSecret,
};

use super::{BODY, URI, check, now, shared, sign, signer, verifier};

fn refused(input: &str, signature: &str) -> MessageRefused {
    let headers = [("Signature-Input", input), ("Signature", signature)];
    let request = MessageRequest::new("GET", URI, &headers).unwrap();
    verifier().verify(&request, b"", now()).unwrap_err()
}

const INPUT: &str = "Signature-Input";
const SIGNATURE: &str = "Signature";

#[test]
fn what_is_not_understood_is_refused() {
    let time = ";created=1700000000";
    for (covered, params, why) in [
        (r#""date";sf"#, time, MessageRefused::UnsupportedComponent),
        (r#""date";key="a""#, time, MessageRefused::UnsupportedComponent),
        (r#""date";bs"#, time, MessageRefused::UnsupportedComponent),
        (r#""@method";req"#, time, MessageRefused::UnsupportedComponent),
        (r#""date";tr"#, time, MessageRefused::UnsupportedComponent),
        (r#""date";name="a""#, time, MessageRefused::UnsupportedComponent),
        (r#""@query-param""#, time, MessageRefused::UnsupportedComponent),
        (r#""@query-param";name="%61""#, time, MessageRefused::UnsupportedComponent),
        (r#""@query-param";name="a+b""#, time, MessageRefused::UnsupportedComponent),
        (r#""@query-param";name="%4""#, time, MessageRefused::UnsupportedComponent),
        (r#""@query-param";name=a"#, time, MessageRefused::UnsupportedComponent),
        (r#""@status""#, time, MessageRefused::UnsupportedComponent),
        (r#""@signature-params""#, time, MessageRefused::UnsupportedComponent),
        (r#""@METHOD""#, time, MessageRefused::UnsupportedComponent),
        (r#""Date""#, time, MessageRefused::UnsupportedComponent),
        (r#""""#, time, MessageRefused::UnsupportedComponent),
        ("date", time, MessageRefused::MalformedHeader(INPUT)),
        (r#""date" "date""#, time, MessageRefused::MalformedHeader(INPUT)),
        ("", ";created=1700000000;x=1", MessageRefused::UnsupportedParameter),
        ("", "", MessageRefused::NoTime),
        ("", ";created=-1", MessageRefused::MalformedHeader(INPUT)),
        ("", ";created=1.5", MessageRefused::MalformedHeader(INPUT)),
        ("", ";created=\"1700000000\"", MessageRefused::MalformedHeader(INPUT)),
        ("", ";created=9999999999999999", MessageRefused::MalformedHeader(INPUT)),
        ("", ";created=999999999999999", MessageRefused::TooNew),
        ("", ";created=0", MessageRefused::TooOld),
        ("", ";created=1700000000;created=1700000000", MessageRefused::MalformedHeader(INPUT)),
        ("", ";created=1700000000;expires=a", MessageRefused::MalformedHeader(INPUT)),
        ("", ";created=1700000000;expires=1", MessageRefused::Expired),
        ("", ";created=1700000000;nonce=1", MessageRefused::MalformedHeader(INPUT)),
        ("", ";created=1700000000;alg=\"none\"", MessageRefused::WrongAlgorithm),
        ("", ";created=1700000000;alg=\"\"", MessageRefused::WrongAlgorithm),
    ] {
        let input = format!(r#"s=({covered}){params};keyid="a""#);
        assert_eq!(refused(&input, "s=:AAAA:"), why, "{input}");
    }
}

#[test]
fn both_headers_must_fit_together() {
    let input = r#"s=("@method" "@target-uri");created=1700000000;keyid="a""#;
    for (input, signature, why) in [
        (input, "s=:AAAA:", MessageRefused::BadSignature),
        (input, "s=::", MessageRefused::BadSignature),
        (input, "t=:AAAA:", MessageRefused::NoSignature),
        (input, "", MessageRefused::NoSignature),
        (input, "s=1", MessageRefused::MalformedHeader(SIGNATURE)),
        (input, "s=(:AAAA:)", MessageRefused::MalformedHeader(SIGNATURE)),
        (input, "s=:AAAA:, s=:AAAA:", MessageRefused::MalformedHeader(SIGNATURE)),
        (input, "s=AAAA", MessageRefused::MalformedHeader(SIGNATURE)),
        (input, "s=:AB=:", MessageRefused::MalformedHeader(SIGNATURE)),
        ("", "s=:AAAA:", MessageRefused::UnknownKey),
        ("s=1;keyid=\"a\"", "s=:AAAA:", MessageRefused::MalformedHeader(INPUT)),
        ("s=()", "s=:AAAA:", MessageRefused::UnknownKey),
        ("s=();keyid=a", "s=:AAAA:", MessageRefused::UnknownKey),
        ("s=(\u{e9})", "s=:AAAA:", MessageRefused::MalformedHeader(INPUT)),
        ("s=(", "s=:AAAA:", MessageRefused::MalformedHeader(INPUT)),
    ] {
        assert_eq!(refused(input, signature), why, "{input} {signature}");
    }
    for missing in [INPUT, SIGNATURE] {
        let mut headers = sign(&signer(), BODY);
        headers.retain(|(name, _)| name != missing);
        let refused = check(&verifier(), &headers, BODY).unwrap_err();
        assert_eq!(refused, MessageRefused::MissingHeader(missing));
    }
    for twice in [INPUT, SIGNATURE] {
        let mut headers = sign(&signer(), BODY);
        let copy = headers.iter().find(|(name, _)| name == twice).unwrap().clone();
        headers.push(copy);
        let refused = check(&verifier(), &headers, BODY).unwrap_err();
        assert_eq!(refused, MessageRefused::DuplicateHeader(twice));
    }
}

#[test]
fn size_and_number_are_capped() {
    let long = "a".repeat(64 * 1024);
    assert_eq!(refused(&long, "s=:AAAA:"), MessageRefused::HeaderTooLong(INPUT));
    assert_eq!(refused("s=()", &long), MessageRefused::HeaderTooLong(SIGNATURE));
    let thousand: Vec<String> = (0..1_000).map(|at| format!("s{at}=()")).collect();
    let thousand = thousand.join(",");
    assert_eq!(refused(&thousand, "s=:AAAA:"), MessageRefused::TooManySignatures(INPUT));
    let components: Vec<String> = (0..1_000).map(|at| format!("\"h{at}\"")).collect();
    for count in [33, 1_000] {
        let many = format!("s=({})", components[..count].join(" "));
        assert_eq!(refused(&many, "s=:AAAA:"), MessageRefused::MalformedHeader(INPUT));
    }

    let small = MessageVerifier::builder().key("a".parse().unwrap(), shared()).max_body(12);
    let small = small.build().unwrap();
    let headers = sign(&signer(), BODY);
    assert_eq!(check(&small, &headers, BODY), Err(MessageRefused::BodyTooLarge));
    assert_eq!(check(&verifier(), &headers, BODY), Ok(()));
}

#[test]
fn covered_fields_are_short_visible_text() {
    let input = r#"s=("x-two");created=1700000000;keyid="a""#;
    let lax = MessageVerifier::builder()
        .key("a".parse().unwrap(), shared())
        .dangerous_require_only([Component::field("x-two").unwrap()])
        .build()
        .unwrap();
    let check = |values: &[&[u8]]| {
        let mut headers = vec![(INPUT, input.as_bytes()), (SIGNATURE, b"s=:AAAA:".as_slice())];
        headers.extend(values.iter().map(|value| ("x-two", *value)));
        let request = MessageRequest::new("GET", URI, &headers).unwrap();
        lax.verify(&request, b"", now()).unwrap_err()
    };
    assert_eq!(check(&[b"a", b"", b" b\t"]), MessageRefused::BadSignature);
    assert_eq!(check(&[]), MessageRefused::MissingComponent);
    for value in [b"a\nb".as_slice(), b"a\r\n b", b"\xff", "\u{e9}".as_bytes(), b"\0"] {
        assert_eq!(check(&[value]), MessageRefused::MalformedComponent);
    }
    let half = "a".repeat(5 * 1024);
    assert_eq!(check(&[half.as_bytes(), half.as_bytes()]), MessageRefused::ComponentTooLong);
}

/// A proxy's signature beside the client's, whatever stands first.
#[test]
fn other_signatures_are_passed_over() {
    let honest = sign(&signer(), BODY);
    for (input, signature) in [
        ("proxy=(\"@status\";req);keyid=\"b\", ", "proxy=:AAAA:, "),
        ("broken=(\"@path\");keyid=\"b\";created=1, ", "broken=:AAAA:, "),
        ("alone=(), ", ""),
    ] {
        let mut headers = honest.clone();
        for (name, value) in &mut headers {
            let before = match name.as_str() {
                INPUT => input,
                SIGNATURE => signature,
                _ => continue,
            };
            *value = [before.as_bytes(), value].concat();
        }
        assert_eq!(check(&verifier(), &headers, BODY), Ok(()), "{input}");
    }
}

/// Their order is not signed, so a request with two that count could pass a replay guard twice.
#[test]
fn two_signatures_that_could_count_are_refused() {
    let (one, two) = ("a".parse().unwrap(), "b".parse().unwrap());
    let other = || SharedSecret::from_text("another secret of these tests").unwrap();
    let signed =
        |builder: MessageSignerBuilder, label| sign(&builder.label(label).build().unwrap(), BODY);
    let beside = |first: &[(String, Vec<u8>)], second: &[(String, Vec<u8>)]| {
        let mut both = first.to_vec();
        for (name, value) in &mut both {
            if [INPUT, SIGNATURE].contains(&name.as_str()) {
                let (_, more) = second.iter().find(|(other, _)| other == name).unwrap();
                *value = [value, b", ".as_slice(), more].concat();
            }
        }
        both
    };
    let by_one = signed(MessageSigner::builder(one, shared()), "s1");
    let by_two = signed(MessageSigner::builder(two, other()), "s2");
    let tagged = signed(MessageSigner::builder(two, other()).tag("hooks"), "s3");
    let key = || MessageVerifier::builder().key(one, shared());
    let both = key().key(two, other()).build().unwrap();
    let several = Err(MessageRefused::SeveralSignatures);
    assert_eq!(check(&both, &beside(&by_one, &by_two), BODY), several);
    assert_eq!(check(&both, &beside(&by_two, &by_one), BODY), several);
    // Even where one of them is wrong: it may be right in what the receiver sees next.
    let broken = [
        (INPUT.to_owned(), b"broken=();keyid=\"b\";created=1".to_vec()),
        (SIGNATURE.to_owned(), b"broken=:AAAA:".to_vec()),
    ];
    assert_eq!(check(&both, &beside(&by_one, &broken), BODY), several);
    // One by an unknown key, or for another use, is none of them.
    let first = key().build().unwrap();
    assert_eq!(check(&first, &beside(&by_two, &by_one), BODY), Ok(()));
    let hooks = key().key(two, other()).tag("hooks").build().unwrap();
    assert_eq!(check(&hooks, &beside(&by_one, &tagged), BODY), Ok(()));
    assert_eq!(check(&hooks, &beside(&tagged, &by_one), BODY), Ok(()));
    assert_eq!(check(&hooks, &by_one, BODY), Err(MessageRefused::WrongTag));
}

/// What a signer writes, a verifier reads.
#[test]
fn nothing_is_signed_that_no_verifier_reads() {
    let (most, more) = ("!".repeat(256), "!".repeat(257));
    assert_eq!(Component::query_param(&more), Err(InvalidComponent));
    let wire = format!(r#"s=("@query-param";name="{}");created=1;keyid="a""#, "x".repeat(257));
    assert_eq!(refused(&wire, "s=:AAAA:"), MessageRefused::UnsupportedComponent);

    let uri = format!("{URI}&{most}=1");
    let request = |headers| MessageRequest::new("POST", &uri, headers).unwrap();
    let covering = |components: Vec<Component>| {
        let builder = MessageSigner::builder("a".parse().unwrap(), shared());
        builder.components(components).tag("t".repeat(256)).build().unwrap()
    };
    let mut components = vec![Component::METHOD, Component::TARGET_URI];
    components.push(Component::query_param(&most).unwrap());
    let none: Vec<(String, String)> = Vec::new();
    let signed = covering(components.clone()).sign(&request(&none), BODY, now()).unwrap();
    let signed: Vec<_> = signed.into_iter().map(|(name, value)| (name.into(), value)).collect();
    let verifier = MessageVerifier::builder().key("a".parse().unwrap(), shared()).any_tag();
    let verifier = verifier.build().unwrap();
    assert!(verifier.verify(&request(&signed), BODY, now()).is_ok());

    let names: Vec<String> = (100..128).map(|at| format!("{at}{}", "x".repeat(253))).collect();
    components.extend(names.iter().map(|name| Component::field(name).unwrap()));
    let all: Vec<_> = names.iter().map(|name| (name.clone(), "1".to_owned())).collect();
    let signed = covering(components.clone()).sign(&request(&all), BODY, now());
    assert_eq!(signed.unwrap_err(), MessageSignError::HeaderTooLong(INPUT));
}
