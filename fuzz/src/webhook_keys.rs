//! The target for the texts of keys of `palisade-webhook`.

use palisade_webhook::{KeyError, PrivateKey, PublicKey, SharedSecret};

use crate::canary::{CANARY, assert_silent};

/// Reading any text as every kind of key: what is read is written the same; what is marked as another kind is
/// refused; nothing is repeated.
pub fn webhook_secret(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for secret in shared(text).into_iter().flatten() {
        assert!(!secret.expose_secret().is_empty(), "an empty secret");
        let foreign = ["whsk_", "whpk_", "-----BEGIN"];
        let start = text.trim_start();
        assert!(!foreign.iter().any(|prefix| start.starts_with(prefix)), "a key of another kind");
    }
    canonical(text);
    public(text);
    if let Ok(key) = PrivateKey::from_whsk(text) {
        let bare = text.strip_prefix("whsk_").unwrap_or(text);
        assert!(key.expose_whsk().is_some_and(|shown| shown.strip_prefix("whsk_") == Some(bare)));
        assert!(PublicKey::from_whpk(&key.public_key().to_string()).is_ok());
    }
    if let Ok(key) = PrivateKey::from_pem(text) {
        assert!(key.expose_whsk().is_none() && key.public_key().fingerprint().is_some());
    }
    for marked in
        [format!("{CANARY}{text}"), format!("{text}{CANARY}"), format!("whsec_{text}{CANARY}=")]
    {
        let errors = shared(&marked).into_iter().filter_map(Result::err).chain(others(&marked));
        errors.for_each(|error| assert_silent(&error));
    }
}

fn shared(text: &str) -> [Result<SharedSecret, KeyError>; 5] {
    [
        SharedSecret::from_whsec(text),
        SharedSecret::from_text(text),
        SharedSecret::from_verbatim_text(text),
        SharedSecret::from_base64(text),
        SharedSecret::from_hex(text),
    ]
}

fn others(text: &str) -> impl Iterator<Item = KeyError> {
    [
        PrivateKey::from_whsk(text).err(),
        PrivateKey::from_pem(text).err(),
        PublicKey::from_whpk(text).err(),
        PublicKey::from_pem(text).err(),
        PublicKey::from_ed25519_hex(text).err(),
        PublicKey::from_spki_base64(text).err(),
    ]
    .into_iter()
    .flatten()
}

/// Each secret has one form in each encoding: two texts are never the same key.
fn canonical(text: &str) {
    if let Ok(secret) = SharedSecret::from_whsec(text) {
        let bare = text.strip_prefix("whsec_").unwrap_or(text);
        assert!((24..=64).contains(&secret.expose_secret().len()));
        assert_eq!(secret.expose_whsec().strip_prefix("whsec_"), Some(bare));
    }
    if let Ok(secret) = SharedSecret::from_base64(text) {
        assert_eq!(secret.expose_whsec().strip_prefix("whsec_"), Some(text));
    }
    if let Ok(secret) = SharedSecret::from_hex(text) {
        let digits = secret.expose_secret().iter().map(|byte| format!("{byte:02x}"));
        assert_eq!(digits.collect::<String>(), text.to_ascii_lowercase());
    }
    for secret in [SharedSecret::from_text(text), SharedSecret::from_verbatim_text(text)] {
        assert!(
            secret.is_err() || secret.is_ok_and(|secret| secret.expose_secret() == text.as_bytes())
        );
    }
}

fn public(text: &str) {
    if let Ok(key) = PublicKey::from_whpk(text) {
        let bare = text.strip_prefix("whpk_").unwrap_or(text);
        assert_eq!(key.to_string().strip_prefix("whpk_"), Some(bare));
        assert!(key.fingerprint().is_none());
    }
    for key in [PublicKey::from_pem(text), PublicKey::from_spki_base64(text)].into_iter().flatten()
    {
        let again = PublicKey::from_pem(&key.to_string());
        assert_eq!(again.ok().as_ref().map(PublicKey::fingerprint), Some(key.fingerprint()));
    }
}
