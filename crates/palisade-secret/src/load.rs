//! Loading a secret: where from, in which encoding, and what is refused.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use crate::weak::{is_pattern, is_placeholder};
use crate::{MIN_SECRET_BYTES, SecretBytes};

/// The most text that is read for one secret or keyring, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Why a secret was not loaded, and from where. Never holds any of the value.
#[derive(Debug)]
pub struct LoadError {
    origin: Origin,
    entry: Option<usize>,
    kind: LoadErrorKind,
}

impl LoadError {
    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> &LoadErrorKind {
        &self.kind
    }

    /// Which entry of a keyring it is about, counted from one.
    #[must_use]
    pub fn entry(&self) -> Option<usize> {
        self.entry
    }

    pub(crate) fn new(origin: Origin, kind: LoadErrorKind) -> Self {
        Self { origin, entry: None, kind }
    }

    pub(crate) fn in_entry(origin: Origin, entry: usize, kind: LoadErrorKind) -> Self {
        Self { origin, entry: Some(entry), kind }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        self.entry.map_or(Ok(()), |entry| write!(f, "entry {entry}: "))?;
        write!(f, "{}", self.kind)
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            LoadErrorKind::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

/// What was wrong with a secret that was not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// Neither the variable nor its `_FILE` twin is set.
    #[error("not set; set it, or its twin that ends in _FILE to the path of a file that holds it")]
    Missing,
    /// Both the variable and its `_FILE` twin are set, and only the operator knows which is meant.
    #[error("set twice, here and through its twin that ends in _FILE; unset one of them")]
    Ambiguous,
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(io::Error),
    /// The value holds no text at all.
    #[error("empty; `palisade secret generate` makes a good one")]
    Empty,
    /// The value is longer than 64 KiB.
    #[error("longer than 64 KiB, which no secret is; is it the right file?")]
    TooLong,
    /// The value is neither base64url nor hex.
    #[error("neither base64url (RFC 4648 section 5: A-Z a-z 0-9 - _) nor hex")]
    Encoding,
    /// The secret has fewer than [`MIN_SECRET_BYTES`] bytes.
    #[error(
        "{got} bytes long once decoded, and at least {MIN_SECRET_BYTES} are needed; `palisade secret generate` makes a good one"
    )]
    Short {
        /// The length that was found, in bytes.
        got: usize,
    },
    /// The bytes repeat or count.
    #[error("a repeating or counting pattern; `palisade secret generate` makes a good one")]
    Pattern,
    /// The value is, or holds, a placeholder out of a template.
    #[error("a well-known placeholder; `palisade secret generate` makes a good one")]
    Placeholder,
    /// An entry of a keyring is not of the form `id:secret`.
    #[error(
        "not of the form `id:secret`, with an id of 1 to 32 of A-Z a-z 0-9 . _ -; `palisade secret generate --id ID` makes one"
    )]
    Entry,
    /// An entry of a keyring has the id of an earlier one.
    #[error("the id of an earlier entry once more")]
    DuplicateId,
    /// A keyring has more than [`MAX_KEYS`](crate::Keyring::MAX_KEYS) entries.
    #[error(
        "more than {} keys; drop those that nothing alive was made with",
        crate::keyring::MAX_KEYS
    )]
    TooManyKeys,
}

/// Where a secret was looked for.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Variable(String),
    File {
        /// The variable that names the file, where there is one.
        variable: Option<String>,
        path: PathBuf,
    },
    Argument,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::File { variable: None, path } => write!(f, "{}", path.display()),
            Self::File { variable: Some(name), path } => write!(f, "{name} ({})", path.display()),
            Self::Argument => f.write_str("the secret"),
        }
    }
}

/// Text that was read for a secret, with the place it came from.
pub(crate) struct Loaded {
    pub(crate) text: Zeroizing<String>,
    pub(crate) origin: Origin,
}

impl Loaded {
    pub(crate) fn argument(text: &str) -> Self {
        Self { text: Zeroizing::new(text.to_owned()), origin: Origin::Argument }
    }
}

pub(crate) fn secret_from_env(
    name: &str,
    lookup: impl Fn(&str) -> Option<OsString>,
) -> Result<SecretBytes, LoadError> {
    text_from_env(name, lookup).and_then(secret_from_loaded)
}

pub(crate) fn secret_from_file(path: &Path) -> Result<SecretBytes, LoadError> {
    text_from_file(None, path).and_then(secret_from_loaded)
}

pub(crate) fn secret_from_text(text: &str) -> Result<SecretBytes, LoadError> {
    decode_strong(text).map_err(|kind| LoadError::new(Origin::Argument, kind))
}

pub(crate) fn secret_from_bytes(bytes: Zeroizing<Vec<u8>>) -> Result<SecretBytes, LoadError> {
    strong(bytes).map_err(|kind| LoadError::new(Origin::Argument, kind))
}

fn secret_from_loaded(loaded: Loaded) -> Result<SecretBytes, LoadError> {
    decode_strong(&loaded.text).map_err(|kind| LoadError::new(loaded.origin, kind))
}

/// Reads `name`, or the file that `<name>_FILE` points to.
pub(crate) fn text_from_env(
    name: &str,
    lookup: impl Fn(&str) -> Option<OsString>,
) -> Result<Loaded, LoadError> {
    let fail = |kind| LoadError::new(Origin::Variable(name.to_owned()), kind);
    let twin = format!("{name}_FILE");
    match (lookup(name), lookup(&twin)) {
        (Some(_), Some(_)) => Err(fail(LoadErrorKind::Ambiguous)),
        (None, None) => Err(fail(LoadErrorKind::Missing)),
        (None, Some(path)) => text_from_file(Some(twin), Path::new(&path)),
        (Some(value), None) => {
            let text = value.into_string().map_err(|_| fail(LoadErrorKind::Encoding))?;
            Ok(Loaded { text: Zeroizing::new(text), origin: Origin::Variable(name.to_owned()) })
        }
    }
}

/// Reads a file; `variable` is the one that names it, if any.
pub(crate) fn text_from_file(variable: Option<String>, path: &Path) -> Result<Loaded, LoadError> {
    let origin = Origin::File { variable, path: path.to_owned() };
    let fail = |kind| LoadError::new(origin.clone(), kind);
    // The whole buffer at once: growing it would leave copies of the secret on the heap.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_TEXT_BYTES + 1));
    File::open(path)
        .and_then(|file| file.take(MAX_TEXT_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| fail(LoadErrorKind::Unreadable(error)))?;
    if bytes.len() > MAX_TEXT_BYTES {
        return Err(fail(LoadErrorKind::TooLong));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| fail(LoadErrorKind::Encoding))?;
    Ok(Loaded { text: Zeroizing::new(text.to_owned()), origin })
}

/// Decodes one secret and refuses it when it is weak.
pub(crate) fn decode_strong(text: &str) -> Result<SecretBytes, LoadErrorKind> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Err(LoadErrorKind::Empty);
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(LoadErrorKind::TooLong);
    }
    // Before decoding: most placeholders are in no encoding at all, and "not base64url" would
    // send the reader the wrong way.
    if is_placeholder(text.as_bytes()) {
        return Err(LoadErrorKind::Placeholder);
    }
    decode(text).and_then(strong)
}

/// Hex when every character is a hex digit, else base64url. A random base64url secret is made of
/// hex digits alone once in 10^19.
fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, LoadErrorKind> {
    let mut buffer = Zeroizing::new(vec![0; text.len()]);
    let decoded = if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        base16ct::mixed::decode(text, &mut buffer).map_err(|_| LoadErrorKind::Encoding)?
    } else {
        let unpadded = unpad(text).ok_or(LoadErrorKind::Encoding)?;
        Base64UrlUnpadded::decode(unpadded, &mut buffer).map_err(|_| LoadErrorKind::Encoding)?
    };
    let len = decoded.len();
    buffer.truncate(len);
    Ok(buffer)
}

/// The text without its padding, or nothing when the padding is not what the length asks for.
fn unpad(text: &str) -> Option<&str> {
    let unpadded = text.trim_end_matches('=');
    let padding = text.len() - unpadded.len();
    (padding == 0 || (text.len().is_multiple_of(4) && padding <= 2)).then_some(unpadded)
}

fn strong(bytes: Zeroizing<Vec<u8>>) -> Result<SecretBytes, LoadErrorKind> {
    if bytes.is_empty() {
        Err(LoadErrorKind::Empty)
    } else if is_placeholder(&bytes) {
        Err(LoadErrorKind::Placeholder)
    } else if bytes.len() < MIN_SECRET_BYTES {
        Err(LoadErrorKind::Short { got: bytes.len() })
    } else if is_pattern(&bytes) {
        Err(LoadErrorKind::Pattern)
    } else {
        Ok(SecretBytes::from_checked(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";

    fn env<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
    }

    fn kind(text: &str) -> LoadErrorKind {
        decode_strong(text).expect_err(text)
    }

    #[test]
    fn the_variable_or_its_file_but_not_both() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pepper");
        std::fs::write(&path, format!("{GOOD}\n")).unwrap();
        let path = path.to_str().unwrap();

        let direct = secret_from_env("P", env(&[("P", GOOD)])).unwrap();
        let from_file = secret_from_env("P", env(&[("P_FILE", path)])).unwrap();
        assert_eq!(direct.expose_secret(), from_file.expose_secret());

        std::fs::write(path, "short").unwrap();
        let weak = secret_from_env("P", env(&[("P_FILE", path)])).unwrap_err();
        assert!(weak.to_string().starts_with(&format!("P_FILE ({path}): ")), "{weak}");

        let both = secret_from_env("P", env(&[("P", GOOD), ("P_FILE", path)])).unwrap_err();
        assert!(matches!(both.kind(), LoadErrorKind::Ambiguous));
        let neither = secret_from_env("P", env(&[])).unwrap_err();
        assert!(matches!(neither.kind(), LoadErrorKind::Missing));
    }

    #[test]
    fn both_encodings_and_no_third() {
        assert_eq!(decode_strong(GOOD).unwrap().expose_secret().len(), 32);
        assert_eq!(decode_strong(&format!("{GOOD}=")).unwrap().expose_secret().len(), 32);
        let hex = "7F5C3D04a67380da0456944062850d65f00a91cfde39c31df4d1c384e06a4876";
        assert_eq!(
            decode_strong(hex).unwrap().expose_secret(),
            decode_strong(GOOD).unwrap().expose_secret()
        );
        for odd in [&format!("{GOOD}=="), &format!("{GOOD}+"), "not base64", "é", &hex[1..]] {
            assert!(matches!(kind(odd), LoadErrorKind::Encoding), "{odd}");
        }
    }

    #[test]
    fn weak_secrets_are_refused() {
        assert!(matches!(kind(" \n"), LoadErrorKind::Empty));
        assert!(matches!(kind("AAA_"), LoadErrorKind::Short { got: 3 }));
        assert!(matches!(kind(&GOOD[..42]), LoadErrorKind::Encoding | LoadErrorKind::Short { .. }));
        assert!(matches!(kind(&"00".repeat(32)), LoadErrorKind::Pattern));
        assert!(matches!(kind(&"Z".repeat(44)), LoadErrorKind::Pattern));
        assert!(matches!(kind("please-change-me"), LoadErrorKind::Placeholder));
        let hidden = Base64UrlUnpadded::encode_string(b"this is an example of a bad pepper");
        assert!(matches!(kind(&hidden), LoadErrorKind::Placeholder));
        assert!(matches!(kind(&"A1b2".repeat(20_000)), LoadErrorKind::TooLong));
    }

    #[test]
    fn files_that_are_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let missing = secret_from_file(&folder.path().join("missing")).unwrap_err();
        assert!(matches!(missing.kind(), LoadErrorKind::Unreadable(_)));
        assert!(missing.to_string().contains("missing"));
        assert!(matches!(
            secret_from_file(folder.path()).unwrap_err().kind(),
            LoadErrorKind::Unreadable(_)
        ));
        let huge = folder.path().join("huge");
        std::fs::write(&huge, vec![b'a'; 2 * MAX_TEXT_BYTES]).unwrap();
        assert!(matches!(secret_from_file(&huge).unwrap_err().kind(), LoadErrorKind::TooLong));
        // A ring is never cut short in silence.
        let entry = format!("a:{GOOD}\n");
        std::fs::write(&huge, entry + &" ".repeat(MAX_TEXT_BYTES)).unwrap();
        let ring = crate::Keyring::from_file(&huge).unwrap_err();
        assert!(matches!(ring.kind(), LoadErrorKind::TooLong));
    }
}
