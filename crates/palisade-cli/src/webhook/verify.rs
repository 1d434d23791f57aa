//! `palisade webhook verify`.

use std::io::{self, Read};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use palisade::webhook::{
    PublicKey, Refused, Scheme, SharedSecret, VerifiedStream, Verifier, VerifyingStream,
};
use serde::Serialize;

use super::header_lines;
use super::secret_text::{self, check_streams};
use super::{explain, keys, twilio};
use crate::args::{Sender, VerifyWebhookArgs};
use crate::output::{Failure, Output};
use crate::stream::Stream;
use crate::units::{Size, counted, seconds, shown, visible};

const CHUNK: usize = 64 * 1024;

/// What signatures are checked with.
pub(super) struct Keys {
    pub(super) shared: Vec<SharedSecret>,
    pub(super) public: Vec<PublicKey>,
}

#[derive(Serialize)]
pub(super) struct Verified<'a> {
    pub(super) valid: bool,
    pub(super) scheme: &'static str,
    pub(super) key: &'a str,
    pub(super) message_id: Option<&'a str>,
    pub(super) timestamp: Option<u64>,
    pub(super) replay_key: String,
    pub(super) body_bytes: u64,
}

pub(crate) fn verify(args: &VerifyWebhookArgs, json: bool) -> Result<Output, Failure> {
    let Sender::Data(scheme) = args.scheme else { return twilio::verify(args, json) };
    let streams = args.secrets.file.iter().chain(&args.key).chain(&args.headers);
    check_streams(streams.chain([&args.body]).map(PathBuf::as_path))?;
    let keys = Keys::load(args, scheme)?;
    let policy = verifier(args, scheme, &keys)?;
    let headers = header_lines::load(args.headers.as_deref(), &args.header)?;
    let now = args.now.time();

    let unreadable =
        |error: io::Error| Failure::error("input", &format!("the body cannot be read: {error}"));
    let (bar, source) =
        Stream(&args.body).open("The body; then Ctrl-D:", json).map_err(unreadable)?;
    let mut kept = args.explain.then(explain::Kept::default);
    let verified = read(policy.start(&headers, now), bar.wrap_read(source), kept.as_mut(), now);
    bar.finish_and_clear();
    match (verified.map_err(unreadable)?, kept) {
        (Ok(verified), _) => answer(scheme, &verified),
        (Err(refused), Some(kept)) if refused != Refused::BodyTooLarge => {
            explain::refused(args, scheme, &keys, &headers, kept, refused, now)
        }
        (Err(Refused::BadSignature), None) => {
            let message = format!("{}; --explain looks for the mistake", Refused::BadSignature);
            Err(Failure::refused(Refused::BadSignature.reason(), message))
        }
        (Err(refused), _) => Err(refused.into()),
    }
}

impl Keys {
    fn load(args: &VerifyWebhookArgs, scheme: Scheme) -> Result<Self, Failure> {
        let texts = secret_text::load(&args.secrets)?;
        let shared = texts
            .iter()
            .map(|text| keys::shared(&scheme, text, args.secrets.form))
            .collect::<Result<Vec<_>, _>>()?;
        let public = keys::public(&scheme, &args.key)?;
        if shared.is_empty() && public.is_empty() {
            return Err(keys::none_given(&scheme, false));
        }
        Ok(Self { shared, public })
    }
}

fn verifier(args: &VerifyWebhookArgs, scheme: Scheme, keys: &Keys) -> Result<Verifier, Failure> {
    let mut builder =
        Verifier::builder(scheme).max_body(args.max_body.map_or(u64::MAX, Size::bytes));
    for (index, secret) in keys.shared.iter().enumerate() {
        builder = builder.key(keys::id(index)?, secret);
    }
    for (index, key) in keys.public.iter().enumerate() {
        builder = builder.key(keys::id(keys.shared.len() + index)?, key);
    }
    if let Some(url) = &args.url {
        builder = builder.url(url.as_str());
    }
    if let Some(tolerance) = args.tolerance {
        builder = builder.tolerance(tolerance.0);
    }
    if args.any_age {
        builder = builder.dangerous_any_age();
    }
    Ok(builder.build()?)
}

/// Passes the body through, and keeps of it what is asked for. When the headers are refused already, nothing is
/// read that is not kept.
fn read(
    mut started: Result<VerifyingStream, Refused>,
    mut source: impl Read,
    mut kept: Option<&mut explain::Kept>,
    now: SystemTime,
) -> io::Result<Result<VerifiedStream, Refused>> {
    let mut chunk = vec![0; CHUNK];
    while started.is_ok() || kept.as_ref().is_some_and(|kept| kept.is_whole()) {
        let read = match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => chunk.get(..read).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if let Ok(stream) = &mut started
            && let Err(refused) = stream.update(read)
        {
            return Ok(Err(refused));
        }
        if let Some(kept) = &mut kept {
            kept.add(read);
        }
    }
    // The message is judged as of one moment, however long the file takes.
    Ok(started.and_then(|stream| stream.finish(now)))
}

fn answer(scheme: Scheme, verified: &VerifiedStream) -> Result<Output, Failure> {
    Verified {
        valid: true,
        scheme: scheme.name(),
        key: verified.key_id().as_str(),
        message_id: verified.message_id(),
        timestamp: verified.timestamp().map(seconds),
        replay_key: verified.replay_key().to_string(),
        body_bytes: verified.body_len(),
    }
    .output()
}

impl Verified<'_> {
    pub(super) fn output(&self) -> Result<Output, Failure> {
        let since = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        let time = self.timestamp.and_then(since).map_or_else(|| "no time".to_owned(), shown);
        let text = format!(
            "verdict     verified; whether the message came before WAS NOT ASKED\n\
             scheme      {}\n\
             key         {}\n\
             message     {}\n\
             signed      {time}\n\
             body        {}\n\
             replay key  {}\n",
            self.scheme,
            self.key,
            self.message_id.map_or_else(|| "no id".to_owned(), visible),
            counted(self.body_bytes, "byte", "bytes"),
            self.replay_key,
        );
        Output::new(text, self)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::refused(refused.reason(), refused.to_string())
    }
}
