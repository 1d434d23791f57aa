//! `palisade webhook sign`.

use std::io::Read;
use std::path::{Path, PathBuf};

use palisade::webhook::{MessageId, Scheme, SignError, Signer};
use serde::Serialize;

use super::secret_text::{self, SecretText, check_streams};
use super::{curl, keys, twilio};
use crate::args::{SecretWriting, Sender, SignArgs, When};
use crate::output::{Failure, Output};
use crate::stream::Stream;
use crate::units::seconds;

/// The longest body that is held in memory.
pub(super) const MAX_BODY: u64 = 256 * 1024 * 1024;

#[derive(Serialize)]
pub(super) struct Signed<'a> {
    pub(super) scheme: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) beside: Option<&'static str>,
    pub(super) headers: Vec<Header<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) curl: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Header<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

pub(crate) fn sign(args: &SignArgs, json: bool) -> Result<Output, Failure> {
    let Sender::Data(scheme) = args.scheme else { return twilio::sign(args, json) };
    let schemes = [Some(scheme), args.beside];
    let schemes = || schemes.into_iter().flatten();
    let has_id = schemes().any(|scheme| scheme.has_message_id());
    let has_time = schemes().any(writes_time);
    check_unused(args, has_id, has_time)?;
    let files = args.secrets.file.iter().chain(&args.beside_secret_file);
    check_streams(files.chain([&args.body]).map(PathBuf::as_path))?;

    let policy = signer(args, scheme)?;
    let id = args.id.clone().map_or_else(MessageId::generate, Ok)?;
    let body = body(&args.body, json)?;
    let now = args.time.time();
    let signed = policy.sign(&id, now, &body)?;

    let command = match &args.curl {
        Some(url) => Some(curl::command(url, &args.body, &signed)?),
        None => None,
    };
    let text = match &command {
        Some(command) => format!("{command}\n"),
        None => signed
            .iter()
            .fold(String::new(), |text, (name, value)| text + name + ": " + value + "\n"),
    };
    let answer = Signed {
        scheme: scheme.name(),
        beside: args.beside.map(|scheme| scheme.name()),
        headers: signed.iter().map(|(name, value)| Header { name, value }).collect(),
        message_id: has_id.then_some(id.as_str()),
        timestamp: has_time.then(|| seconds(now)),
        curl: command.as_deref(),
    };
    Output::new(text, &answer)
}

/// Whether the headers of the scheme tell a time. One that stands in the body is written by whoever writes that.
fn writes_time(scheme: Scheme) -> bool {
    scheme.has_time() && scheme.time_member().is_none()
}

/// What is given and has no effect was meant to have one.
fn check_unused(args: &SignArgs, has_id: bool, has_time: bool) -> Result<(), Failure> {
    let message = if args.id.is_some() && !has_id {
        "the scheme has no message id, so --id has no effect"
    } else if matches!(args.time, When::At(_)) && !has_time {
        "the scheme writes no time into its headers, so --time has no effect"
    } else {
        return Ok(());
    };
    Err(Failure::error("usage", &message))
}

fn signer(args: &SignArgs, scheme: Scheme) -> Result<Signer, Failure> {
    // The URL goes to whichever of the two signs it, and is an error when none does.
    let beside_takes_url =
        args.beside.is_some_and(|beside| beside.signs_url()) && !scheme.signs_url();
    let url = args.url.as_deref();
    let secrets = secret_text::load(&args.secrets)?;
    let signer = one(scheme, &secrets, args.secrets.form, url.filter(|_| !beside_takes_url))?;
    let Some(beside) = args.beside else { return Ok(signer) };
    let secrets = secret_text::load_from(
        &args.beside_secret_env,
        "--beside-secret-env",
        &args.beside_secret_file,
        "--beside-secret-file",
    )?;
    if secrets.is_empty() {
        let message =
            "give a secret for --beside with --beside-secret-env NAME or --beside-secret-file PATH";
        return Err(Failure::error("usage", &message));
    }
    let other = one(beside, &secrets, None, url.filter(|_| beside.signs_url()))?;
    Ok(signer.beside(other)?)
}

fn one(
    scheme: Scheme,
    secrets: &[SecretText],
    writing: Option<SecretWriting>,
    url: Option<&str>,
) -> Result<Signer, Failure> {
    if secrets.is_empty() {
        return Err(keys::none_given(&scheme, true));
    }
    let mut builder = Signer::builder(scheme);
    for (index, text) in secrets.iter().enumerate() {
        builder = builder.key(keys::id(index)?, keys::signing(&scheme, text, writing)?);
    }
    if let Some(url) = url {
        builder = builder.url(url);
    }
    Ok(builder.build()?)
}

pub(super) fn body(path: &Path, json: bool) -> Result<Vec<u8>, Failure> {
    let unreadable = |error| Failure::error("input", &format!("the body cannot be read: {error}"));
    let (bar, source) = Stream(path).open("The body; then Ctrl-D:", json).map_err(unreadable)?;
    let mut body = Vec::new();
    let read = bar.wrap_read(source).take(MAX_BODY + 1).read_to_end(&mut body);
    bar.finish_and_clear();
    read.map_err(unreadable)?;
    if body.len() as u64 > MAX_BODY {
        let message = "the body has more than 256 MiB, the most that is held in memory";
        return Err(Failure::error("input", &message));
    }
    Ok(body)
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        Self::error("sign", &error)
    }
}
