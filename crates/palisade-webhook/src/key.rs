//! Secrets and keys, each of a type that can do what it is for and nothing else.

#[cfg(feature = "asymmetric")]
mod private;
#[cfg(feature = "asymmetric")]
mod public;
mod roles;
mod shared;

#[cfg(feature = "asymmetric")]
pub use private::PrivateKey;
#[cfg(feature = "asymmetric")]
pub use public::PublicKey;
#[cfg(feature = "asymmetric")]
pub(crate) use roles::{Private, Public};
pub use roles::{SigningKey, VerifyingKey};
pub(crate) use roles::{SigningKind, VerifyingKind};
pub use shared::SharedSecret;

/// What each kind of text begins with in Standard Webhooks.
const SHARED_PREFIX: &str = "whsec_";
const PRIVATE_PREFIX: &str = "whsk_";
const PUBLIC_PREFIX: &str = "whpk_";
const PEM_PREFIX: &str = "-----BEGIN";
/// What the base64 of a public key's DER begins with: its lengths and its algorithm (RFC 8410, RFC 5480).
const SPKI_PREFIXES: [&str; 2] = ["MCowBQYDK2VwAyEA", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"];

/// The most characters of the text of a secret or key: far above any that a provider hands out.
const MAX_TEXT: usize = 4096;

/// Why a text is not the secret or key that was asked for. It never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is nothing, or zeros alone.
    #[error("the secret is empty, or zeros alone: copy it again from where the webhook is set up")]
    Empty,
    /// White space before or after it, which would become part of the key.
    ///
    /// A shared secret that was set up with it is read by
    /// [`from_verbatim_text`](crate::SharedSecret::from_verbatim_text).
    #[error("there is white space around the secret: remove it, such as the newline at its end")]
    WhiteSpace,
    /// Another kind of key: a public key as a shared secret, for one.
    #[error("this is {found}, where {wanted} is needed")]
    WrongKind {
        /// What was asked for.
        wanted: &'static str,
        /// What the text looks like.
        found: &'static str,
    },
    /// Not of the encoding that was asked for, in its one canonical form.
    #[error("this is no {0}")]
    Encoding(&'static str),
    /// Decoded, but of a length that such a key does not have.
    #[error("{got} bytes are no {what}")]
    Length {
        /// How many bytes there are.
        got: usize,
        /// What was asked for, with its lengths.
        what: &'static str,
    },
    /// Longer than any secret or key.
    #[error("the text is too long to be a secret or a key")]
    TooLong,
    /// Of the right form, but no key that can be trusted: no point of the curve, one of small order, or two
    /// halves that do not belong together.
    #[error("this is no usable {0}")]
    Unusable(&'static str),
}

/// Refuses what is no text of a key at all, and what is plainly of another kind.
fn check_text(text: &str, wanted: &'static str, own_prefixes: &[&str]) -> Result<(), KeyError> {
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    if text.len() > MAX_TEXT {
        return Err(KeyError::TooLong);
    }
    let kinds = [
        (SHARED_PREFIX, "a secret of Standard Webhooks, `whsec_…`"),
        (PRIVATE_PREFIX, "a private key"),
        (PUBLIC_PREFIX, "a public key"),
        (PEM_PREFIX, "a key in PEM"),
        (SPKI_PREFIXES[0], "a public key"),
        (SPKI_PREFIXES[1], "a public key"),
    ];
    // Whatever somebody copied along with it.
    let plain = text.trim_start_matches(|c: char| c.is_whitespace() || "\"'\u{feff}".contains(c));
    let begins = |prefix: &str| {
        plain.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    match kinds.into_iter().find(|(prefix, _)| begins(prefix)) {
        Some((prefix, found)) if !own_prefixes.contains(&prefix) => {
            Err(KeyError::WrongKind { wanted, found })
        }
        _ => Ok(()),
    }
}
