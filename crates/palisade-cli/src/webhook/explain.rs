//! What `palisade webhook verify --explain` says of a refusal.

use std::time::SystemTime;

use palisade::webhook::explain::{Diagnosis, Finding, SecretForm};
use palisade::webhook::{Headers, Refused, Scheme};
use serde::Serialize;

use super::header_lines::HeaderLines;
use super::verify::Keys;
use crate::args::VerifyWebhookArgs;
use crate::output::{Failure, Output};

/// The longest body that is examined: it is held in memory, and written anew a few hundred times.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// A body that may have to be explained, as long as it is not too long for that.
pub(super) struct Kept(Option<Vec<u8>>);

impl Default for Kept {
    fn default() -> Self {
        Self(Some(Vec::new()))
    }
}

impl Kept {
    pub(super) fn add(&mut self, chunk: &[u8]) {
        if let Some(body) = &mut self.0 {
            body.extend_from_slice(chunk);
            if body.len() > MAX_BODY {
                self.0 = None;
            }
        }
    }

    /// Whether it holds all that was added.
    pub(super) fn is_whole(&self) -> bool {
        self.0.is_some()
    }
}

#[derive(Serialize)]
struct Explained {
    valid: bool,
    reason: &'static str,
    message: String,
    finding: Found,
}

#[derive(Serialize)]
struct Found {
    /// A short, stable word.
    kind: &'static str,
    message: String,
    /// The key that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// How the body that was signed differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forms: Vec<&'static str>,
    /// How far the time is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u64>,
}

/// The refusal with the reason that was found for it.
pub(super) fn refused(
    args: &VerifyWebhookArgs,
    scheme: Scheme,
    keys: &Keys,
    headers: &HeaderLines,
    kept: Kept,
    refused: Refused,
    now: SystemTime,
) -> Result<Output, Failure> {
    let finding = match kept.0 {
        Some(body) => {
            let (index, finding) = find(args.url.as_deref(), scheme, keys, headers, &body, now)?;
            Found::new(&finding, Some(super::keys::id(index)?.to_string()), refused, headers)
        }
        None => Found::plain("too_long", "a body of more than 16 MiB is not examined"),
    };
    let reason = refused.reason();
    let text = format!("verdict  refused: {refused} ({reason})\nfinding  {}\n", finding.message);
    let answer = Explained { valid: false, reason, message: refused.to_string(), finding };
    Ok(Output::new(text, &answer)?.with_status(1))
}

/// The finding that says most, and which key it is about.
fn find(
    url: Option<&str>,
    scheme: Scheme,
    keys: &Keys,
    headers: &HeaderLines,
    body: &[u8],
    now: SystemTime,
) -> Result<(usize, Finding), Failure> {
    let shared = keys.shared.iter().map(|key| Diagnosis::with_url(scheme, key, url));
    let public = keys.public.iter().map(|key| Diagnosis::with_key(scheme, key));
    let mut best = (0, Finding::Unexplained);
    for (index, diagnosis) in shared.chain(public).enumerate() {
        let finding = diagnosis?.explain(headers, body, now);
        if index == 0 || rank(&finding) < rank(&best.1) {
            best = (index, finding);
        }
    }
    Ok(best)
}

/// The lower, the more it says.
fn rank(finding: &Finding) -> u8 {
    match finding {
        Finding::Refused(Refused::UnknownKey) => 3,
        Finding::Unexplained => 2,
        Finding::Refused(_) => 1,
        _ => 0,
    }
}

impl Found {
    fn plain(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), key: None, forms: Vec::new(), seconds: None }
    }

    fn new(
        finding: &Finding,
        key: Option<String>,
        refused: Refused,
        headers: &HeaderLines,
    ) -> Self {
        match finding {
            // The diagnosis knows the tolerance of the scheme alone.
            Finding::Verifies if matches!(refused, Refused::TooOld | Refused::TooNew) => Self {
                key,
                ..Self::plain("time", "the signature is right; its time is beyond --tolerance")
            },
            Finding::Time { by, .. } => Self {
                key,
                seconds: Some(by.as_secs()),
                ..Self::plain("time", finding.to_string())
            },
            Finding::Refused(Refused::MissingHeader(name)) => {
                Self::plain("headers", missing(name, headers))
            }
            Finding::Refused(Refused::MalformedBodyTime) => Self {
                key,
                ..Self::plain(
                    "body_time",
                    "the signature is right, and the time in the body is not",
                )
            },
            Finding::Refused(Refused::UnknownKey) => Self::plain(
                "unknown_key",
                "the request names a key that is not given: `webhook secret inspect` prints the fingerprint of \
                 one",
            ),
            Finding::Refused(_) => Self::plain("headers", finding.to_string()),
            Finding::Secret(form) => {
                Self { key, ..Self::plain("secret", secret_form(*form, finding)) }
            }
            Finding::Body(candidate) => Self {
                key,
                forms: candidate.forms().map(|form| form.reason()).collect(),
                ..Self::plain("body", finding.to_string())
            },
            Finding::Unexplained => Self::plain("unexplained", finding.to_string()),
            _ => Self::plain("other", finding.to_string()),
        }
    }
}

/// What to do here: the finding itself speaks to a programmer.
fn secret_form(form: SecretForm, finding: &Finding) -> String {
    let option = match form {
        SecretForm::WithNewline => {
            "the sender's secret ends with a newline: keep it in the file, and give --secret-form verbatim"
        }
        SecretForm::Decoded => {
            "the key is what the secret's base64 decodes to: give --secret-form whsec, or base64"
        }
        SecretForm::FromHex => {
            "the key is what the secret's hex decodes to: give --secret-form hex"
        }
        SecretForm::WhsecText | SecretForm::Base64Text => {
            "the key is the text of the secret itself: give --secret-form text"
        }
        _ => return finding.to_string(),
    };
    option.to_owned()
}

/// A header that is missing, and whose headers are there instead.
fn missing(name: &str, headers: &HeaderLines) -> String {
    let is_there = |scheme: &Scheme| {
        let form = scheme.header_forms().pop();
        form.is_some_and(|form| headers.values(form.name).next().is_some())
    };
    match Scheme::ALL.iter().find(|scheme| is_there(scheme)) {
        Some(other) => {
            format!("the header {name} is missing; there is one of the scheme {}", other.name())
        }
        None => format!("the header {name} is missing, and there is none of another known scheme"),
    }
}
