//! One secret for one use: a key that signs tokens and a pepper under which hashes lie must not be the same,
//! or what leaks of the one opens the other.

use std::time::SystemTime;

use palisade::secret::{Keyring, MacKey, SecretBytes, Tag};
use palisade::webhook::SharedSecret;

/// What every key signs here, so that two of them can be compared without being shown.
const PROBE: &[u8] = b"gatehouse secret uses v1";

/// The secrets that were loaded so far, and for what. It holds a MAC under each, and none of them.
#[derive(Debug, Default)]
pub struct SecretUses(Vec<(&'static str, Tag)>);

impl SecretUses {
    /// Takes note of all keys of a ring, the old ones too.
    ///
    /// # Errors
    ///
    /// [`SecretReused`] when one of them was loaded for another use.
    pub(crate) fn add(
        &mut self,
        variable: &'static str,
        ring: &Keyring<MacKey>,
    ) -> Result<(), SecretReused> {
        // The entries of a ring that is read from text have no end, so all are alive at any time.
        for (_, key) in ring.live(SystemTime::UNIX_EPOCH) {
            self.note(variable, key)?;
        }
        Ok(())
    }

    /// Takes note of a secret that another party chose, as its text and as what the text decodes to: whoever pastes
    /// one of our own into its variable mostly pastes the text.
    ///
    /// # Errors
    ///
    /// [`SecretReused`] when it was loaded for another use.
    pub(crate) fn add_shared(
        &mut self,
        variable: &'static str,
        text: &str,
    ) -> Result<(), SecretReused> {
        self.note(variable, &MacKey::dangerous_any_length(text.as_bytes()))?;
        if let Ok(bytes) = SecretBytes::from_text(text) {
            self.note(variable, &MacKey::dangerous_any_length(bytes.expose_secret()))?;
        }
        if let Ok(secret) = SharedSecret::from_whsec(text) {
            self.note(variable, &MacKey::dangerous_any_length(secret.expose_secret()))?;
        }
        Ok(())
    }

    fn note(&mut self, variable: &'static str, key: &MacKey) -> Result<(), SecretReused> {
        let tag = key.mac(&[PROBE]);
        let bytes = tag.to_bytes();
        let same =
            |other: &&(&'static str, Tag)| other.0 != variable && other.1.verify(&bytes).is_ok();
        if let Some((first, _)) = self.0.iter().find(same) {
            return Err(SecretReused { first, second: variable });
        }
        self.0.push((variable, tag));
        Ok(())
    }
}

/// One secret was given for two uses. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{first}, {second}: one secret is in both, or in the files in their place; each needs one of its own, which `palisade secret generate` makes"
)]
pub struct SecretReused {
    /// The variable of its one use.
    pub first: &'static str,
    /// The variable of its other use.
    pub second: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";
    const B: &str = "Ko3FZQcX1nP9nq0T8bT2u6cV4kq7vXW2yJrLQ8dSx5A";
    const C: &str = "T8bT2u6cV4kq7vXW2yJrLQ8dSx5AKo3FZQcX1nP9nq0";

    fn ring(text: &str) -> Keyring<MacKey> {
        Keyring::from_text(text).unwrap()
    }

    #[test]
    fn a_secret_under_any_id_in_any_place() {
        let mut uses = SecretUses::default();
        uses.add("ONE", &ring(&format!("a:{A},b:{B}"))).unwrap();
        uses.add("TWO", &ring(&format!("a:{C}"))).unwrap();
        for (text, first) in [(A, "ONE"), (B, "ONE"), (C, "TWO")] {
            let fresh = "u6cV4kq7vXW2yJrLQ8dSx5AKo3FZQcX1nP9nq0T8bT0";
            for text in [format!("x:{text}"), format!("y:{fresh},x:{text}")] {
                let mut uses = SecretUses(uses.0.clone());
                let refused = uses.add("THREE", &ring(&text)).unwrap_err();
                assert_eq!(refused, SecretReused { first, second: "THREE" });
                assert!(!refused.to_string().contains(&text[2..]));
            }
        }
    }

    /// A key that stands twice in one ring opens no more than it would once.
    #[test]
    fn twice_for_one_use() {
        let mut uses = SecretUses::default();
        uses.add("ONE", &ring(&format!("a:{A},b:{A}"))).unwrap();
    }
}
