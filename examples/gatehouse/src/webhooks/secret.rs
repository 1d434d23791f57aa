//! The secrets of endpoints, which are stored nowhere.
//!
//! A secret is `HMAC-SHA256(master key, label | length of id | id | version)`. The row of an endpoint holds the id of
//! the master key and the version; a new version is another secret.

use std::time::SystemTime;

use palisade::secret::{KeyId, Keyring, MacKey, SecretBytes, Tag};
use palisade::webhook::{MessageId, Scheme, SharedSecret, SignedHeaders, Signer};
use zeroize::Zeroizing;

use super::Endpoint;

const LABEL: &[u8] = b"gatehouse webhook endpoint secret v1\0";

/// What each master key signs, so that another key under its id is noticed.
const PROBE: &[u8] = b"gatehouse webhook master key probe v1\0";

/// The master keys.
#[derive(Debug)]
pub(crate) struct Secrets {
    ring: Keyring<MacKey>,
}

/// Which secret: the master key and the version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretRef {
    pub(crate) key_id: String,
    pub(crate) version: i64,
}

/// The secret of an endpoint cannot be derived or does not sign: the master key is not given, or the clock is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoSecret;

impl Secrets {
    pub(crate) fn new(ring: Keyring<MacKey>) -> Self {
        Self { ring }
    }

    /// The master key for new secrets.
    pub(crate) fn primary(&self) -> &KeyId {
        self.ring.primary().0
    }

    /// The ids of all master keys, as a list in JSON.
    pub(super) fn ids(&self) -> String {
        // The entries of a ring that is read from text have no end.
        let live = self.ring.live(SystemTime::UNIX_EPOCH);
        live.map(|(id, _)| id.as_str()).collect::<serde_json::Value>().to_string()
    }

    /// By what each master key is known.
    pub(super) fn probes(&self) -> impl Iterator<Item = (&KeyId, Tag)> {
        let live = self.ring.live(SystemTime::UNIX_EPOCH);
        live.map(|(id, key)| (id, key.mac(&[PROBE])))
    }

    /// The secret of an endpoint.
    pub(crate) fn derive(
        &self,
        endpoint: &str,
        secret: &SecretRef,
    ) -> Result<SharedSecret, NoSecret> {
        // The entries of a ring that is read from text have no end.
        let key = self.ring.find(&secret.key_id, SystemTime::UNIX_EPOCH).map_err(|_| NoSecret)?;
        let length = u64::try_from(endpoint.len()).unwrap_or(u64::MAX).to_be_bytes();
        let version = secret.version.to_be_bytes();
        let tag = key.mac(&[LABEL, &length, endpoint.as_bytes(), &version]);
        let bytes = Zeroizing::new(tag.to_bytes());
        let bytes = SecretBytes::from_bytes(bytes.to_vec()).map_err(|_| NoSecret)?;
        SharedSecret::from_bytes(bytes).map_err(|_| NoSecret)
    }

    /// Signs what an endpoint is sent: the header of GLACIS, and those of Standard Webhooks beside it.
    ///
    /// The key of GLACIS is the text `whsec_…` itself, since its receivers take a text; that of Standard Webhooks is
    /// what the text decodes to. The secret before signs beside the new one in the headers of Standard Webhooks;
    /// there is room for one signature in that of GLACIS, and it is by the new secret.
    pub(crate) fn sign(
        &self,
        endpoint: &Endpoint,
        message: &MessageId,
        body: &[u8],
        now: SystemTime,
    ) -> Result<SignedHeaders, NoSecret> {
        let secret = self.derive(&endpoint.id, &endpoint.secret)?;
        let text = SharedSecret::from_text(&secret.expose_whsec()).map_err(|_| NoSecret)?;
        let glacis = Signer::builder(Scheme::GLACIS).key(named(&endpoint.secret)?, &text);
        let mut standard = Signer::builder(Scheme::STANDARD).key(named(&endpoint.secret)?, &secret);
        if let Some((old, until)) = &endpoint.old_secret {
            // Without its master key the old secret signs no more, and the new one does.
            if let Ok(secret) = self.derive(&endpoint.id, old) {
                standard = standard.key_until(named(old)?, &secret, *until);
            }
        }
        let glacis = glacis.build().map_err(|_| NoSecret)?;
        let standard = standard.build().map_err(|_| NoSecret)?;
        let signer = glacis.beside(standard).map_err(|_| NoSecret)?;
        signer.sign(message, now, body).map_err(|_| NoSecret)
    }
}

fn named(secret: &SecretRef) -> Result<KeyId, NoSecret> {
    format!("v{}", secret.version).parse().map_err(|_| NoSecret)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";
    const B: &str = "Ko3FZQcX1nP9nq0T8bT2u6cV4kq7vXW2yJrLQ8dSx5A";

    fn secrets(text: &str) -> Secrets {
        Secrets::new(Keyring::from_text(text).unwrap())
    }

    fn of(key_id: &str, version: i64) -> SecretRef {
        SecretRef { key_id: key_id.to_owned(), version }
    }

    #[test]
    fn each_endpoint_version_and_key_has_its_own() {
        let secrets = secrets(&format!("b:{B},a:{A}"));
        let mut seen = std::collections::BTreeSet::new();
        for endpoint in ["whe_1", "whe_2"] {
            for (key, version) in [("a", 1), ("a", 2), ("b", 1)] {
                let secret = secrets.derive(endpoint, &of(key, version)).unwrap();
                assert!(seen.insert(secret.expose_whsec().to_string()));
            }
        }
        assert!(secrets.derive("whe_1", &of("c", 1)).is_err());
    }

    /// Computed apart from this code. A change of the derivation would give every customer another
    /// secret.
    #[test]
    fn the_derivation_stays_as_it_is() {
        let secret = secrets(&format!("a:{A}")).derive("whe_0123", &of("a", 1)).unwrap();
        assert_eq!(
            secret.expose_whsec().as_str(),
            "whsec_VPsLPi6Rd2WFRYsz4rGI1h7T5LswNmtMv+atHf/f5IY="
        );
    }
}
