//! Targets for `palisade-secret`.

use std::collections::HashMap;
use std::time::SystemTime;

use palisade_secret::{KeyId, Keyring, LoadErrorKind, MIN_SECRET_BYTES, MacKey, SecretBytes};

use crate::canary::{CANARY, assert_silent};

/// Loading a secret from text and from bytes: what loads is long enough and loads again from each
/// of its renderings; what does not is never repeated in the error.
pub fn secret_load(data: &[u8]) {
    if let Ok(secret) = SecretBytes::from_bytes(data.to_vec()) {
        assert_eq!(secret.expose_secret(), data);
        assert_loads_again(&secret);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(secret) = SecretBytes::from_text(text) {
        assert_loads_again(&secret);
    }
    for marked in [format!("{CANARY}{text}"), format!("{text}{CANARY}")] {
        if let Err(error) = SecretBytes::from_text(&marked) {
            assert_silent(&error);
        }
        if let Err(error) = SecretBytes::from_bytes(marked.into_bytes()) {
            assert_silent(&error);
        }
    }
}

fn assert_loads_again(secret: &SecretBytes) {
    let bytes = secret.expose_secret();
    assert!(bytes.len() >= MIN_SECRET_BYTES);
    let base64url = secret.expose_base64url();
    for text in [secret.expose_hex(), base64url.clone()] {
        match SecretBytes::from_text(&text) {
            // Base64url of hex digits alone reads as hex, as is documented.
            Ok(again) => assert!(again.expose_secret() == bytes || is_hex(&base64url)),
            Err(error) => match error.kind() {
                // A rendering is longer than the secret, and may spell a word by accident.
                LoadErrorKind::TooLong | LoadErrorKind::Placeholder => {}
                _ => assert!(is_hex(&base64url), "a strong secret does not load again: {error}"),
            },
        }
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Loading a keyring from text: what loads finds each of its keys under its own id alone, the first
/// is the primary, and rotation keeps them all.
pub fn secret_keyring(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(ring) = Keyring::<MacKey>::from_text(text) {
        assert_ring(ring, text);
    }
    for marked in
        [format!("{CANARY}{text}"), format!("{text}{CANARY}"), text.replacen(':', CANARY, 1)]
    {
        if let Err(error) = Keyring::<MacKey>::from_text(&marked) {
            assert_silent(&error);
        }
        if let Err(error) = marked.parse::<KeyId>() {
            assert_silent(&error);
        }
    }
}

fn assert_ring(mut ring: Keyring<MacKey>, text: &str) {
    let now = SystemTime::UNIX_EPOCH;
    let tags = tags(&ring, now);
    assert!((1..=Keyring::<MacKey>::MAX_KEYS).contains(&tags.len()));

    let entries = text
        .split([',', ' ', '\t', '\n', '\r', '\u{c}'])
        .filter_map(|entry| entry.split_once(':'))
        .collect::<Vec<_>>();
    assert_eq!(entries.len(), tags.len(), "an entry was dropped or two ids are one");
    assert_eq!(ring.primary().0.as_str(), entries[0].0);
    for (id, _) in &entries {
        let found = ring.find(id, now).map(|key| key.mac(&[CANARY.as_bytes()]).to_bytes());
        assert_eq!(found.ok().as_ref(), tags.get(*id), "an id finds the key of another");
        assert!(id.parse::<KeyId>().is_ok_and(|parsed| parsed.as_str() == *id));
    }
    assert!(ring.find(text, now).is_err(), "the whole text is no id");

    let (last, _) = entries[entries.len() - 1];
    assert!(ring.promote(last, now).is_ok());
    assert_eq!(ring.primary().0.as_str(), last);
    assert_eq!(self::tags(&ring, now), tags, "a soft rotation lost or swapped a key");
    ring.drop_all_but_primary();
    assert!(ring.find(last, now).is_ok());
    assert_eq!(self::tags(&ring, now).len(), 1);
}

/// What each live key signs a fixed message with, by its id: which key is which.
fn tags(ring: &Keyring<MacKey>, now: SystemTime) -> HashMap<String, [u8; 32]> {
    ring.live(now)
        .map(|(id, key)| (id.to_string(), key.mac(&[CANARY.as_bytes()]).to_bytes()))
        .collect()
}
