//! `palisade secret generate`.

use palisade::secret::SecretBytes;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::args::GenerateArgs;
use crate::output::{Failure, Output};

#[derive(Serialize)]
struct Generated<'a> {
    secret: &'a str,
    encoding: &'static str,
    bytes: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// The secret as an entry of a keyring.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<&'a str>,
}

pub(crate) fn generate(args: &GenerateArgs) -> Result<Output, Failure> {
    let secret = SecretBytes::generate(usize::from(args.bytes))?;
    let (encoding, secret) = if args.hex {
        ("hex", secret.expose_hex())
    } else {
        ("base64url", secret.expose_base64url())
    };
    let id = args.id.as_ref().map(palisade::secret::KeyId::as_str);
    let entry = id.map(|id| Zeroizing::new(format!("{id}:{}", &*secret)));
    let entry = entry.as_ref().map(|entry| entry.as_str());

    let text = format!("{}\n", entry.unwrap_or(&secret));
    Output::new(text, &Generated { secret: &secret, encoding, bytes: args.bytes, id, entry })
}
