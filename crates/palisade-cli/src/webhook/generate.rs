//! `palisade webhook secret generate`.

use std::io::{ErrorKind, Write};
use std::path::Path;

use palisade::secret::SecretBytes;
use palisade::webhook::{PrivateKey, SharedSecret};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::args::{GenerateWebhookArgs, NewForm};
use crate::output::{Failure, Output};

#[derive(Serialize)]
struct Generated<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    form: &'static str,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
}

const BYTES: usize = 32;

pub(crate) fn generate(args: &GenerateWebhookArgs) -> Result<Output, Failure> {
    let (form, secret, public_key) = match args.form {
        NewForm::Whsec => ("whsec", SharedSecret::generate()?.expose_whsec(), None),
        NewForm::Hex => ("hex", SecretBytes::generate(BYTES)?.expose_hex(), None),
        NewForm::Base64 => {
            let whsec = SharedSecret::generate()?.expose_whsec();
            let base64 = whsec.strip_prefix("whsec_").unwrap_or(&whsec);
            ("base64", Zeroizing::new(base64.to_owned()), None)
        }
        NewForm::Ed25519 => {
            let key = PrivateKey::generate_ed25519()?;
            let text = key
                .expose_whsk()
                .ok_or_else(|| Failure::error("output", &"the key has no text form"))?;
            ("ed25519", text, Some(key.public_key().to_string()))
        }
    };
    let (printed, told) = match &args.out {
        Some(path) => {
            write_new(path, &secret)?;
            (None, public_key.as_ref().map_or_else(String::new, |key| format!("{key}\n")))
        }
        None => (Some(secret.as_str()), format!("{}\n", *secret)),
    };
    let notes = match &public_key {
        Some(key) if printed.is_some() => format!("receivers are given the public key {key}\n"),
        _ => String::new(),
    };
    let answer = Generated { secret: printed, form, bytes: BYTES, public_key };
    Ok(Output::new(told, &answer)?.with_notes(notes))
}

/// Writes a file that was not there, for its owner alone. What is there is kept: it may be the secret in use.
fn write_new(path: &Path, secret: &str) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    // Whole before it has the name, and readable by its owner alone.
    tempfile::Builder::new()
        .prefix(".palisade-secret-")
        .tempfile_in(folder)
        .and_then(|mut draft| {
            draft.write_all(secret.as_bytes())?;
            draft.write_all(b"\n")?;
            draft.as_file().sync_all()?;
            Ok(draft.persist_noclobber(path)?)
        })
        .map(drop)
        .map_err(|error| {
            let message = if error.kind() == ErrorKind::AlreadyExists {
                "the file given with --out is there already, and is not replaced".to_owned()
            } else {
                format!("the file given with --out cannot be written: {}", error.kind())
            };
            Failure::error("output", &message)
        })
}
