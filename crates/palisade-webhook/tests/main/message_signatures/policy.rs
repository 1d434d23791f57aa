//! What the verifier demands, and in which order it says what is wrong.

use std::time::Duration;

use palisade_webhook::{
    BuildError, Component, DigestRefused, MessageBuildError, MessageRefused, MessageRequest,
    MessageSignError, MessageSigner, MessageVerifier,
};

use super::{BODY, HEADERS, URI, check, ed25519, now, shared, sign, signer, verifier, with};

/// Headers whose signature is signed by hand: any parameters, right key.
fn signed_as(components: &[Component]) -> MessageSigner {
    MessageSigner::builder("a".parse().unwrap(), shared())
        .components(components.iter().cloned())
        .dangerous_body_uncovered()
        .build()
        .unwrap()
}

#[test]
fn the_method_the_target_and_the_body_must_be_covered() {
    let digest = Component::CONTENT_DIGEST;
    let whole = [Component::AUTHORITY, Component::PATH, Component::QUERY];
    for (components, missing) in [
        (vec![Component::METHOD, Component::TARGET_URI, digest.clone()], None),
        ([&[Component::METHOD, digest.clone()], &whole[..]].concat(), None),
        (vec![Component::METHOD, Component::TARGET_URI], Some(digest.clone())),
        (vec![Component::TARGET_URI, digest.clone()], Some(Component::METHOD)),
        (vec![Component::METHOD, digest.clone()], Some(Component::TARGET_URI)),
        (
            vec![Component::METHOD, digest.clone(), Component::AUTHORITY, Component::PATH],
            Some(Component::TARGET_URI),
        ),
        (
            vec![Component::METHOD, digest, Component::REQUEST_TARGET, Component::SCHEME],
            Some(Component::TARGET_URI),
        ),
    ] {
        let refused = check(&verifier(), &sign(&signed_as(&components), BODY), BODY);
        assert_eq!(refused.err(), missing.map(MessageRefused::NotCovered), "{components:?}");
    }
}

#[test]
fn a_body_added_or_taken_away_is_noticed() {
    let without = sign(&signer(), b"");
    assert_eq!(check(&verifier(), &without, b""), Ok(()));
    assert_eq!(
        check(&verifier(), &without, BODY),
        Err(MessageRefused::NotCovered(Component::CONTENT_DIGEST))
    );
    let mismatch = Err(MessageRefused::Digest(DigestRefused::Mismatch));
    assert_eq!(check(&verifier(), &sign(&signer(), BODY), b""), mismatch);
}

#[test]
fn an_uncovered_body_is_not_handed_on() {
    let lax = MessageVerifier::builder().key("a".parse().unwrap(), shared());
    let lax = lax.dangerous_body_uncovered().build().unwrap();
    let headers = sign(&signed_as(&[Component::METHOD, Component::TARGET_URI]), BODY);
    let request = MessageRequest::new("POST", URI, &headers).unwrap();
    assert_eq!(lax.verify(&request, BODY, now()).unwrap().body(), None);
    // Where it is covered all the same, it must fit.
    let headers = sign(&signer(), BODY);
    let request = MessageRequest::new("POST", URI, &headers).unwrap();
    assert_eq!(lax.verify(&request, BODY, now()).unwrap().body(), Some(BODY));
    assert!(lax.verify(&request, b"other", now()).is_err());
}

#[test]
fn what_is_required_must_be_covered() {
    let field = Component::field("Content-Type").unwrap();
    let strict = MessageVerifier::builder().key("a".parse().unwrap(), shared());
    let strict = strict.require([field.clone()]).require([Component::METHOD]).build().unwrap();
    let (method, target, digest) =
        (Component::METHOD, Component::TARGET_URI, Component::CONTENT_DIGEST);
    let all = [digest, field, method, target];
    assert_eq!(check(&strict, &sign(&signed_as(&all), BODY), BODY), Ok(()));
    // What is demanded when nothing is said stays demanded.
    for missing in &all {
        let rest: Vec<_> = all.iter().filter(|one| *one != missing).cloned().collect();
        let refused = check(&strict, &sign(&signed_as(&rest), BODY), BODY);
        assert_eq!(refused, Err(MessageRefused::NotCovered(missing.clone())));
    }
}

#[test]
fn what_is_required_alone_is_called_dangerous() {
    let field = Component::field("Content-Type").unwrap();
    let lax = MessageVerifier::builder().key("a".parse().unwrap(), shared());
    let lax = lax.dangerous_require_only([field.clone()]).require([Component::METHOD]);
    let lax = lax.build().unwrap();
    let all = [Component::CONTENT_DIGEST, field, Component::METHOD];
    assert_eq!(check(&lax, &sign(&signed_as(&all), BODY), BODY), Ok(()));
    for missing in &all {
        let rest: Vec<_> = all.iter().filter(|one| *one != missing).cloned().collect();
        let refused = check(&lax, &sign(&signed_as(&rest), BODY), BODY);
        assert_eq!(refused, Err(MessageRefused::NotCovered(missing.clone())));
    }
}

#[test]
fn the_key_decides_on_the_algorithm() {
    let public = ed25519().public_key();
    let id = "a".parse().unwrap();
    // The public key's bytes as an HMAC secret, and the message says so: the classic confusion.
    for signer in [
        MessageSigner::builder(id, shared()).build().unwrap(),
        MessageSigner::builder(id, shared()).with_algorithm().build().unwrap(),
    ] {
        let verifier = MessageVerifier::builder().key(id, &public).build().unwrap();
        let refused = check(&verifier, &sign(&signer, BODY), BODY).unwrap_err();
        assert!(matches!(refused, MessageRefused::BadSignature | MessageRefused::WrongAlgorithm));
    }
    let signer = MessageSigner::builder(id, ed25519()).with_algorithm().build().unwrap();
    let right = MessageVerifier::builder().key(id, &public).build().unwrap();
    assert_eq!(check(&right, &sign(&signer, BODY), BODY), Ok(()));
    assert_eq!(check(&verifier(), &sign(&signer, BODY), BODY), Err(MessageRefused::WrongAlgorithm));
}

#[test]
fn keys_are_named_and_end() {
    let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
    let end = now() + Duration::from_secs(1);
    let verifier = MessageVerifier::builder()
        .key_until(a, shared(), end)
        .key_named(b, "https://example.com/keys/b", ed25519().public_key())
        .build()
        .unwrap();
    let named = MessageSigner::builder(b, ed25519());
    let named = named.keyid("https://example.com/keys/b").build().unwrap();
    assert_eq!(check(&verifier, &sign(&named, BODY), BODY), Ok(()));
    let unnamed = MessageSigner::builder(b, ed25519()).build().unwrap();
    assert_eq!(check(&verifier, &sign(&unnamed, BODY), BODY), Err(MessageRefused::UnknownKey));

    let headers = sign(&signer(), BODY);
    let request = MessageRequest::new("POST", URI, &headers).unwrap();
    assert!(verifier.verify(&request, BODY, now()).is_ok());
    assert_eq!(verifier.verify(&request, BODY, end).unwrap_err(), MessageRefused::UnknownKey);
}

#[test]
fn the_tag_is_held() {
    let builder = || MessageSigner::builder("a".parse().unwrap(), shared());
    let verifier = MessageVerifier::builder().key("a".parse().unwrap(), shared());
    let verifier = verifier.tag("hooks").build().unwrap();
    let right = builder().tag("hooks").build().unwrap();
    assert_eq!(check(&verifier, &sign(&right, BODY), BODY), Ok(()));
    for wrong in [builder().tag("Hooks").build().unwrap(), builder().build().unwrap()] {
        assert_eq!(check(&verifier, &sign(&wrong, BODY), BODY), Err(MessageRefused::WrongTag));
    }
    let key = || MessageVerifier::builder().key("a".parse().unwrap(), shared());
    let untagged = key().build().unwrap();
    assert_eq!(check(&untagged, &sign(&right, BODY), BODY), Err(MessageRefused::WrongTag));
    let any = key().any_tag().build().unwrap();
    for signer in [right, signer()] {
        assert_eq!(check(&any, &sign(&signer, BODY), BODY), Ok(()));
    }
}

#[test]
fn no_signer_writes_a_header_twice() {
    for name in ["Signature", "signature-input", "content-digest"] {
        let headers = [(name, "x")];
        let request = MessageRequest::new("POST", URI, &headers).unwrap();
        let refused = signer().sign(&request, BODY, now()).unwrap_err();
        assert!(matches!(refused, MessageSignError::HeaderThere(_)));
    }
    let missing = signed_as(&[Component::field("date").unwrap()]);
    let request = MessageRequest::new("POST", URI, &HEADERS).unwrap();
    let refused = missing.sign(&request, BODY, now()).unwrap_err();
    assert_eq!(refused, MessageSignError::Component(MessageRefused::MissingComponent));
    let early = now() - Duration::from_secs(1_700_000_001);
    assert_eq!(signer().sign(&request, BODY, early).unwrap_err(), MessageSignError::Clock);
    assert_eq!(with(&signer().sign(&request, BODY, now()).unwrap()).len(), 5);
}

#[test]
fn every_misconfiguration_is_told_at_build() {
    let key = || MessageVerifier::builder().key("a".parse().unwrap(), shared());
    for (builder, error) in [
        (MessageVerifier::builder(), BuildError::NoKey.into()),
        (
            key().key_named("a".parse().unwrap(), "other", shared()),
            BuildError::DuplicateKey("a".parse().unwrap()).into(),
        ),
        (key().key_named("b".parse().unwrap(), "a", shared()), MessageBuildError::KeyName),
        (key().key_named("b".parse().unwrap(), "", shared()), MessageBuildError::KeyName),
        (key().key_named("b".parse().unwrap(), "\u{e9}", shared()), MessageBuildError::KeyName),
        (key().require([]), MessageBuildError::NoComponent),
        (key().dangerous_require_only([]), MessageBuildError::NoComponent),
        (
            key().require([Component::PATH]).require([Component::PATH]),
            MessageBuildError::Components,
        ),
        // With the method, the target and the digest of a body, more than a verifier reads.
        (
            key().require((0..30).map(|at| Component::field(&format!("x{at}")).unwrap())),
            MessageBuildError::Components,
        ),
        (key().require([Component::PATH, Component::PATH]), MessageBuildError::Components),
        (key().tag(""), MessageBuildError::Tag),
        (key().tag("\n"), MessageBuildError::Tag),
        (key().tolerance(Duration::from_secs(u64::MAX)), BuildError::TooHigh("tolerance").into()),
        (key().tolerance(Duration::from_millis(999)), MessageBuildError::Tolerance),
        (
            key().tolerance(Duration::from_secs(10 * 365 * 86_400 + 1)),
            BuildError::TooHigh("tolerance").into(),
        ),
        (key().max_body(0), BuildError::Zero("max_body").into()),
        (key().max_signatures(0), BuildError::Zero("max_signatures").into()),
        (key().max_signatures(17), BuildError::TooHigh("max_signatures").into()),
    ] {
        assert_eq!(builder.build().unwrap_err(), error);
    }
    assert!(key().tolerance(Duration::from_hours(10 * 365 * 24)).build().is_ok());
    let key = || MessageSigner::builder("a".parse().unwrap(), shared());
    for (builder, error) in [
        (key().keyid("a b"), MessageBuildError::KeyName),
        (key().label("Sig"), MessageBuildError::Label),
        (key().label(""), MessageBuildError::Label),
        (key().tag("\u{7f}"), MessageBuildError::Tag),
        (key().components([]), MessageBuildError::NoComponent),
        (key().components([Component::PATH, Component::PATH]), MessageBuildError::Components),
        (key().expires_after(Duration::from_millis(999)), MessageBuildError::Life),
    ] {
        assert_eq!(builder.build().unwrap_err(), error);
    }
}
