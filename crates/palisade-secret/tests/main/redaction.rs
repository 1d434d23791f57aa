use palisade_secret::{Keyring, MacKey, SecretBytes};
use proptest::prelude::*;

/// Whether `text` holds any eight characters in a row of `secret`.
fn leaks(text: &str, secret: &str) -> bool {
    secret.as_bytes().windows(8).any(|part| text.contains(std::str::from_utf8(part).unwrap()))
}

#[test]
fn debug_shows_nothing() {
    let secret = SecretBytes::generate(32).unwrap();
    let text = format!("{secret:?}");
    assert_eq!(text, "SecretBytes(<redacted>, 32 bytes)");
    let key = MacKey::new(secret).unwrap();
    let tag = key.mac(&[b"data"]);
    let ring = Keyring::new("a".parse().unwrap(), key.clone());
    let shown = format!("{key:?} {tag:?} {:?} {ring:?}", key.stream());
    assert!(!shown.contains(&format!("{:?}", &tag.to_bytes()[..4])), "{shown}");
    assert!(shown.matches("<redacted>").count() == 4, "{shown}");
}

proptest! {
    /// Whatever is wrong with a value, the error holds no eight characters of it.
    #[test]
    fn no_error_repeats_the_value(value in "[A-Za-z0-9_+/=-]{8,80}") {
        if let Err(error) = SecretBytes::from_text(&value) {
            let shown = format!("{error} {error:?}");
            // A placeholder or a word of ours may stand in the random text by chance.
            let ours = "the secret: neither base64url RFC section nor hex bytes long generate palisade";
            prop_assert!(!leaks(&shown, &value) || leaks(ours, &value), "{}", shown);
        }
    }

    #[test]
    fn both_encodings_round_trip(bytes in prop::collection::vec(any::<u8>(), 32..100)) {
        if let Ok(secret) = SecretBytes::from_bytes(bytes.clone()) {
            let again = SecretBytes::from_text(&secret.expose_base64url()).unwrap();
            prop_assert_eq!(again.expose_secret(), &bytes[..]);
            let again = SecretBytes::from_text(&secret.expose_hex()).unwrap();
            prop_assert_eq!(again.expose_secret(), &bytes[..]);
        }
    }
}
