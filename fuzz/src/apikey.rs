//! Targets for `palisade-apikey`.

use std::time::SystemTime;

use palisade_apikey::{
    ApiKeyId, Checksum, DigestRing, DigestScheme, Formats, KeyDigest, KeyFormat, KeyName, Owner,
    Scope, Scopes,
};
use palisade_secret::{KeyId, Keyring, MacKey};

use crate::canary::{CANARY, assert_silent};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

/// Parsing a presented key: what is accepted is of the exact shape and digests consistently; a key
/// of one format is a key of no other; what is refused is never repeated.
pub fn apikey_parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(formats) = formats() else { return };
    match formats.parse(text) {
        Ok(key) => {
            let format = key.format();
            assert_eq!(text.len(), format.key_length());
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
            assert!(text.strip_prefix(format.prefix()).is_some_and(|rest| rest.starts_with('_')));
            assert_eq!(formats.iter().filter(|other| other.parse(text).is_ok()).count(), 1);
            assert!(key.mask().to_string().len() < format.prefix().len() + 10);
            assert_digests(&key);
        }
        Err(error) => assert_silent(&error),
    }
    for marked in [format!("{CANARY}{text}"), format!("{text}{CANARY}")] {
        if let Err(error) = formats.parse(&marked) {
            assert_silent(&error);
        }
    }
}

fn formats() -> Option<Formats> {
    let classic = KeyFormat::new("ghp")
        .and_then(|format| format.body_length(30))
        .ok()?
        .checksum(Checksum::Crc32Body6);
    Formats::new([
        KeyFormat::new("gmk_acct_live").ok()?,
        KeyFormat::new("gmk_acct_test").ok()?,
        KeyFormat::new("gh_live").ok()?.checksum(Checksum::None),
        classic,
    ])
    .ok()
}

fn assert_digests(key: &palisade_apikey::PresentedKey<'_, '_>) {
    let Some(ring) = ring() else { return };
    for candidate in ring.candidates(key, NOW) {
        assert_eq!(ring.verify(key, &candidate, NOW), Ok(()));
        let wrapped = ring.wrap(&candidate, NOW);
        assert!(wrapped.is_err() || ring.verify(key, &wrapped.unwrap_or(candidate), NOW).is_ok());
    }
}

fn ring() -> Option<DigestRing> {
    let key = |byte: u8| MacKey::dangerous_any_length(&[byte; 32]);
    let peppers = Keyring::new("b".parse().ok()?, key(2)).accept("a".parse().ok()?, key(1)).ok()?;
    Some(DigestRing::new(peppers).accept_legacy_sha256())
}

/// Reading a stored digest: what is accepted is written back to the letter.
pub fn apikey_digest(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<KeyDigest>() {
        Ok(digest) => {
            assert_eq!(digest.to_text(), text);
            assert_eq!(digest.verify(&digest), Ok(()));
            let scheme = digest.scheme().to_string();
            assert_eq!(scheme.parse::<DigestScheme>().as_ref(), Ok(digest.scheme()));
        }
        Err(error) => assert_silent(&error),
    }
    if let Err(error) = format!("{text}{CANARY}").parse::<KeyDigest>() {
        assert_silent(&error);
    }
}

/// Reading names and scopes: what is accepted is kept, and the algebra of what was read is sound.
pub fn apikey_scopes(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    names(text);
    // Two sets from one text, so that the fuzzer can make them differ.
    let (left, right) = text.split_once('\n').unwrap_or((text, text));
    let (Ok(a), Ok(b)) = (left.parse::<Scopes>(), right.parse::<Scopes>()) else { return };
    assert_eq!(a.to_string().parse::<Scopes>().as_ref(), Ok(&a));
    let (both, either) = (a.intersection(&b), a.union(&b));
    for part in [&a, &b] {
        assert!(part.missing(&both).is_empty() && either.missing(part).is_empty());
    }
    assert!(a.missing(&b).iter().all(|scope| !a.covers(scope) && b.covers(scope)));
}

fn names(text: &str) {
    if let Ok(scope) = text.parse::<Scope>() {
        assert_eq!(scope.to_string(), text);
    }
    if let Ok(id) = text.parse::<ApiKeyId>() {
        assert_eq!(id.as_str(), text);
    }
    if let Ok(name) = text.parse::<KeyName>() {
        assert!(name.as_str() == text && !text.contains('\n'));
    }
    let marked = format!("{text} {CANARY}");
    let errors: [Option<Box<dyn std::error::Error>>; 4] = [
        marked.parse::<ApiKeyId>().err().map(Into::into),
        marked.parse::<Owner>().err().map(Into::into),
        marked.parse::<KeyId>().err().map(Into::into),
        marked.parse::<Scopes>().err().map(Into::into),
    ];
    errors.into_iter().flatten().for_each(|error| assert_silent(&*error));
}
