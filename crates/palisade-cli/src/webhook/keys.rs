//! Keys, made of the texts of secrets.

use std::path::PathBuf;

use palisade::secret::KeyId;
use palisade::webhook::{
    Algorithm, BuildError, KeyError, PrivateKey, PublicKey, Scheme, SharedSecret, SigningKey,
};

use super::secret_text::SecretText;
use crate::args::SecretWriting;
use crate::output::Failure;

/// The digits of a public key of Ed25519 in hex.
const ED25519_HEX: usize = 64;

/// The name of a key: where it stands on the command line, from 1.
pub(super) fn id(index: usize) -> Result<KeyId, Failure> {
    (index + 1).to_string().parse().map_err(|error| Failure::error("secret", &error))
}

/// How a secret is written where nothing is said.
pub(super) fn default_writing(scheme: &Scheme) -> SecretWriting {
    match scheme.name() {
        "standard" | "svix" => SecretWriting::Whsec,
        _ if takes(scheme, Algorithm::HmacSha256) => SecretWriting::Text,
        _ if takes(scheme, Algorithm::Ed25519) => SecretWriting::Whsk,
        _ => SecretWriting::Pem,
    }
}

pub(super) fn takes(scheme: &Scheme, wanted: Algorithm) -> bool {
    scheme.algorithms().any(|algorithm| algorithm == wanted)
}

/// A key to sign with.
pub(super) fn signing(
    scheme: &Scheme,
    text: &SecretText,
    writing: Option<SecretWriting>,
) -> Result<SigningKey, Failure> {
    let writing = writing.unwrap_or_else(|| match default_writing(scheme) {
        // No shared secret begins so.
        SecretWriting::Whsec if text.line().starts_with("whsk_") => SecretWriting::Whsk,
        writing => writing,
    });
    Ok(match writing {
        SecretWriting::Whsk => PrivateKey::from_whsk(text.line())?.into(),
        SecretWriting::Pem => PrivateKey::from_pem(text.line())?.into(),
        _ => shared_as(text, writing)?.into(),
    })
}

/// A secret to verify with.
pub(super) fn shared(
    scheme: &Scheme,
    text: &SecretText,
    writing: Option<SecretWriting>,
) -> Result<SharedSecret, Failure> {
    Ok(shared_as(text, writing.unwrap_or_else(|| default_writing(scheme)))?)
}

pub(super) fn shared_as(
    text: &SecretText,
    writing: SecretWriting,
) -> Result<SharedSecret, KeyError> {
    match writing {
        SecretWriting::Text => SharedSecret::from_text(text.line()),
        SecretWriting::Verbatim => SharedSecret::from_verbatim_text(text.verbatim()),
        SecretWriting::Whsec => SharedSecret::from_whsec(text.line()),
        SecretWriting::Base64 => SharedSecret::from_base64(text.line()),
        SecretWriting::Hex => SharedSecret::from_hex(text.line()),
        SecretWriting::Whsk | SecretWriting::Pem => {
            Err(KeyError::WrongKind { wanted: "a shared secret", found: "a private key" })
        }
    }
}

/// The public keys in the files.
pub(super) fn public(scheme: &Scheme, files: &[PathBuf]) -> Result<Vec<PublicKey>, Failure> {
    files
        .iter()
        .map(|path| Ok(read_public(scheme, &SecretText::of_file(path, "--key")?)?))
        .collect()
}

fn read_public(scheme: &Scheme, text: &SecretText) -> Result<PublicKey, KeyError> {
    let text = text.line();
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if text.trim_start().starts_with("-----") {
        PublicKey::from_pem(text)
    } else if text.len() == ED25519_HEX && is_hex(text) {
        PublicKey::from_ed25519_hex(text)
    } else if takes(scheme, Algorithm::EcdsaP256) {
        PublicKey::from_spki_base64(text)
    } else {
        PublicKey::from_whpk(text)
    }
}

/// What is missing when no key is given.
pub(super) fn none_given(scheme: &Scheme, to_sign: bool) -> Failure {
    let shared = takes(scheme, Algorithm::HmacSha256);
    let public = takes(scheme, Algorithm::Ed25519) || takes(scheme, Algorithm::EcdsaP256);
    let message = match (to_sign || shared, !to_sign && public) {
        (true, true) => {
            "there is no key: give a secret with --secret-env NAME or --secret-file PATH, or a public key with \
             --key PATH"
        }
        (false, true) => "there is no key: give a public key with --key PATH",
        _ => "there is no key: give a secret with --secret-env NAME or --secret-file PATH",
    };
    Failure::error("usage", &message)
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        let message = match error {
            BuildError::NoUrl => {
                "the scheme signs the receiver's URL: give it with --url, as the sender knows it"
                    .into()
            }
            error => error.to_string(),
        };
        Self::error("policy", &message)
    }
}
