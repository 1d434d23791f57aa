//! `palisade webhook secret inspect`.

use std::fmt::Write;

use palisade::webhook::{Algorithm, KeyError, PrivateKey, PublicKey, Scheme, SharedSecret};
use serde::Serialize;

use super::keys;
use super::secret_text::SecretText;
use crate::args::{InspectWebhookArgs, SecretWriting};
use crate::output::{Failure, Output};
use crate::units::counted;

#[derive(Serialize)]
struct Inspected {
    /// Whether some scheme takes it as it is.
    usable: bool,
    kind: Kind,
    /// Of the text, without the line break that ends a file.
    text_bytes: usize,
    /// Each way in which it can be a key.
    readings: Vec<Reading>,
    /// `before`, `after`, `around` or null.
    white_space: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    /// By which GitHub names a key of P-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    /// Why it is none of what it looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    SharedSecret,
    PrivateKey,
    PublicKey,
    None,
}

/// A way to read the text, and the schemes whose senders write their secrets so.
#[derive(Serialize)]
struct Reading {
    /// A value of `--secret-form`, or `public`.
    form: &'static str,
    key_bytes: usize,
    schemes: Vec<&'static str>,
}

pub(crate) fn inspect(args: &InspectWebhookArgs) -> Result<Output, Failure> {
    let text = match (&args.file, &args.env) {
        (Some(path), _) => SecretText::of_file(path, "--file")?,
        (None, Some(name)) => SecretText::of_variable(name, "--env")?,
        (None, None) => SecretText::of_stdin()?,
    };
    let line = text.line();
    let trimmed = line.trim();
    let (mut inspected, problem) = match examine(trimmed) {
        Ok(inspected) => (inspected, None),
        Err((kind, error)) => (Inspected::new(kind), Some(error.to_string())),
    };
    inspected.text_bytes = line.len();
    inspected.white_space = white_space(line, trimmed);
    inspected.problem = problem;
    inspected.usable = inspected.white_space.is_none()
        && inspected.readings.iter().any(|reading| !reading.schemes.is_empty());
    let status = u8::from(!inspected.usable);
    Ok(Output::new(inspected.to_text(), &inspected)?.with_status(status))
}

/// What a text is, by how it begins, and else by what can be made of it.
fn examine(text: &str) -> Result<Inspected, (Kind, KeyError)> {
    if text.starts_with("whsk_") {
        return PrivateKey::from_whsk(text)
            .map(|key| Inspected::private(&key, "whsk", Algorithm::Ed25519))
            .map_err(|error| (Kind::PrivateKey, error));
    }
    if text.starts_with("whpk_") {
        return PublicKey::from_whpk(text)
            .map(|key| Inspected::public(&key, Algorithm::Ed25519))
            .map_err(|error| (Kind::PublicKey, error));
    }
    if text.starts_with("-----BEGIN PUBLIC KEY") {
        return PublicKey::from_pem(text)
            .map(|key| Inspected::public(&key, Algorithm::EcdsaP256))
            .map_err(|error| (Kind::PublicKey, error));
    }
    if text.starts_with("-----BEGIN") {
        return PrivateKey::from_pem(text)
            .map(|key| Inspected::private(&key, "pem", Algorithm::EcdsaP256))
            .map_err(|error| (Kind::PrivateKey, error));
    }
    if let Ok(key) = PublicKey::from_spki_base64(text) {
        return Ok(Inspected::public(&key, Algorithm::EcdsaP256));
    }
    shared(text).map_err(|error| (Kind::None, error))
}

fn shared(text: &str) -> Result<Inspected, KeyError> {
    let mut inspected = Inspected::new(Kind::SharedSecret);
    let mut add = |form, secret: &SharedSecret, schemes| {
        let key_bytes = secret.expose_secret().len();
        inspected.readings.push(Reading { form, key_bytes, schemes });
    };
    add("text", &SharedSecret::from_text(text)?, writing_so(SecretWriting::Text));
    if let Ok(secret) = SharedSecret::from_whsec(text) {
        add("whsec", &secret, writing_so(SecretWriting::Whsec));
    } else if let Ok(secret) = SharedSecret::from_base64(text) {
        add("base64", &secret, Vec::new());
    }
    if let Ok(secret) = SharedSecret::from_hex(text) {
        add("hex", &secret, Vec::new());
    }
    if PublicKey::from_ed25519_hex(text).is_ok() {
        // Every other secret of 32 bytes looks like one.
        let schemes = schemes(|scheme| scheme.algorithms().eq([Algorithm::Ed25519]));
        inspected.readings.push(Reading { form: "public", key_bytes: 32, schemes });
    }
    Ok(inspected)
}

/// The schemes of which nothing else is said than that their secrets are written so.
fn writing_so(writing: SecretWriting) -> Vec<&'static str> {
    let mut names = schemes(|scheme| keys::default_writing(scheme) == writing);
    if writing == SecretWriting::Text {
        names.push("twilio");
    }
    names
}

fn using(algorithm: Algorithm) -> Vec<&'static str> {
    schemes(|scheme| keys::takes(scheme, algorithm))
}

fn schemes(fits: impl Fn(&Scheme) -> bool) -> Vec<&'static str> {
    Scheme::ALL.iter().filter(|scheme| fits(scheme)).map(Scheme::name).collect()
}

fn white_space(line: &str, trimmed: &str) -> Option<&'static str> {
    match (line.trim_start() != line, line.trim_end() != line) {
        _ if trimmed.is_empty() => None,
        (true, true) => Some("around"),
        (true, false) => Some("before"),
        (false, true) => Some("after"),
        (false, false) => None,
    }
}

impl Inspected {
    fn new(kind: Kind) -> Self {
        Self {
            usable: false,
            kind,
            text_bytes: 0,
            readings: Vec::new(),
            white_space: None,
            public_key: None,
            fingerprint: None,
            problem: None,
        }
    }

    fn private(key: &PrivateKey, form: &'static str, algorithm: Algorithm) -> Self {
        Self { kind: Kind::PrivateKey, ..Self::of_pair(&key.public_key(), form, algorithm) }
    }

    fn public(key: &PublicKey, algorithm: Algorithm) -> Self {
        Self { kind: Kind::PublicKey, ..Self::of_pair(key, "public", algorithm) }
    }

    fn of_pair(key: &PublicKey, form: &'static str, algorithm: Algorithm) -> Self {
        Self {
            // The seed, the scalar and a coordinate have as many.
            readings: vec![Reading { form, key_bytes: 32, schemes: using(algorithm) }],
            public_key: Some(key.to_string()),
            fingerprint: key.fingerprint().map(str::to_owned),
            ..Self::new(Kind::None)
        }
    }

    fn to_text(&self) -> String {
        let kind = match self.kind {
            Kind::SharedSecret => "a shared secret",
            Kind::PrivateKey => "a private key",
            Kind::PublicKey => "a public key",
            Kind::None => "nothing that can be used",
        };
        let white_space = match self.white_space {
            None => "none around it",
            Some("before") => "BEFORE IT: remove it",
            Some("after") => "AFTER IT: remove it",
            Some(_) => "AROUND IT: remove it",
        };
        let mut text = format!("kind         {kind}\n");
        if let Some(problem) = &self.problem {
            // Writing to a String does not fail.
            let _ = writeln!(text, "problem      {problem}");
        }
        let length = counted(self.text_bytes as u64, "byte", "bytes");
        let _ = writeln!(text, "text         {length}\nwhite space  {white_space}");
        for Reading { form, key_bytes, schemes } in &self.readings {
            let length = counted(*key_bytes as u64, "byte", "bytes");
            let names = if schemes.is_empty() {
                format!("where the sender says so, with --secret-form {form}")
            } else {
                schemes.join(", ")
            };
            let _ = writeln!(text, "as {form:9} a key of {length}: {names}");
        }
        if let Some(fingerprint) = &self.fingerprint {
            let _ = writeln!(text, "fingerprint  {fingerprint}");
        }
        if let Some(key) = &self.public_key {
            // PEM is many lines, to be copied as they are.
            let gap = if key.contains('\n') { "\n" } else { "   " };
            let _ = writeln!(text, "public key{gap}{}", key.trim_end());
        }
        text
    }
}
