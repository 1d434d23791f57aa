//! The keys of a sender, as an operator writes them: `id:secret`, one a line, the newest first.
//!
//! The first colon ends the id, and all that follows in the line is the secret: providers choose their secrets, and
//! there may be commas and colons in them. A public key in PEM goes on over the next lines.

use palisade::secret::KeyId;
use palisade::webhook::{Algorithm, KeyError, PublicKey, Scheme, SharedSecret, VerifyingKey};
use zeroize::Zeroizing;

/// One key.
pub(super) struct Entry {
    pub(super) id: KeyId,
    /// Counted from 1.
    line: usize,
    text: Zeroizing<String>,
}

/// What is wrong with the keys, and where. It holds nothing of them.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeysError {
    #[error("there is no key: write a line `id:secret` for each")]
    Empty,
    #[error("line {0} is not of the form `id:secret`, with an id of 1 to 32 of A-Z a-z 0-9 . _ -")]
    Form(usize),
    #[error("line {0}: a key in PEM has no end: `-----END PUBLIC KEY-----` is missing")]
    Pem(usize),
    #[error("line {0}: {1}")]
    Key(usize, KeyError),
}

/// The keys in a text.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, KeysError> {
    let mut entries = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        let (id, first) = line.split_once(':').ok_or(KeysError::Form(number))?;
        let id = id.trim().parse().map_err(|_| KeysError::Form(number))?;
        // The whole length at once: growing it would leave copies of the secret on the heap.
        let mut secret = Zeroizing::new(String::with_capacity(text.len()));
        secret.push_str(first);
        if first.starts_with("-----BEGIN") {
            loop {
                let (line, _) = lines.next().ok_or(KeysError::Pem(number))?;
                secret.push('\n');
                secret.push_str(line);
                if line.starts_with("-----END") {
                    break;
                }
            }
        }
        entries.push(Entry { id, line: number, text: secret });
    }
    if entries.is_empty() { Err(KeysError::Empty) } else { Ok(entries) }
}

impl Entry {
    /// The key, in the form in which the senders of this scheme hand it out.
    pub(super) fn key(&self, scheme: &Scheme) -> Result<VerifyingKey, KeysError> {
        let text = self.text.as_str();
        let takes = |of| scheme.algorithms().any(|algorithm| algorithm == of);
        let key = match (takes(Algorithm::HmacSha256), takes(Algorithm::Ed25519)) {
            (true, true) if text.starts_with("whpk_") => PublicKey::from_whpk(text).map(Into::into),
            (true, true) => SharedSecret::from_whsec(text).map(Into::into),
            (true, false) => SharedSecret::from_text(text).map(Into::into),
            (false, true) if text.starts_with("whpk_") => {
                PublicKey::from_whpk(text).map(Into::into)
            }
            (false, true) => PublicKey::from_ed25519_hex(text).map(Into::into),
            (false, false) if text.starts_with("-----BEGIN") => {
                PublicKey::from_pem(text).map(Into::into)
            }
            (false, false) => PublicKey::from_spki_base64(text).map(Into::into),
        };
        key.map_err(|error| KeysError::Key(self.line, error))
    }

    /// The text of it, which may be that of a secret.
    pub(super) fn secret(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let entries = entries(text).unwrap();
        entries.iter().map(|entry| (entry.id.to_string(), entry.text.to_string())).collect()
    }

    fn pair(id: &str, text: &str) -> (String, String) {
        (id.to_owned(), text.to_owned())
    }

    #[test]
    fn whatever_a_provider_chose() {
        let text = "new:a,b:c d\r\n\n old :=x=\n";
        assert_eq!(read(text), [pair("new", "a,b:c d"), pair("old", "=x=")]);
        let pem = "-----BEGIN PUBLIC KEY-----\nMFk=\n-----END PUBLIC KEY-----";
        assert_eq!(read(&format!("k:{pem}\nl:x\n")), [pair("k", pem), pair("l", "x")]);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line_alone() {
        for (text, line) in
            [("hunter2", "line 1 "), ("a:x\nhun ter2:x", "line 2 "), ("\n:hunter2", "line 2 ")]
        {
            let error = entries(text).err().unwrap().to_string();
            assert!(error.contains(line) && !error.contains("hunter2"), "{error}");
        }
        assert!(matches!(entries(" \n"), Err(KeysError::Empty)));
        assert!(matches!(entries("a:-----BEGIN PUBLIC KEY-----\nx"), Err(KeysError::Pem(1))));
        for (text, scheme) in [
            ("a: hunter2", Scheme::GITHUB),
            ("a:", Scheme::GITHUB),
            ("a:whpk_hunter2", Scheme::SLACK),
            ("a:hunter2", Scheme::STANDARD),
            ("a:hunter2", Scheme::DISCORD),
            ("a:hunter2", Scheme::SENDGRID),
        ] {
            let entries = entries(text).unwrap();
            let error = entries.first().unwrap().key(&scheme).unwrap_err().to_string();
            assert!(error.starts_with("line 1: ") && !error.contains("hunter2"), "{error}");
        }
    }
}
