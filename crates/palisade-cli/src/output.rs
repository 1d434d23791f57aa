//! What the command says: the answer on stdout, everything else on stderr, or one JSON object.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use palisade::apikey::Malformed;
use palisade::secret::{LoadError, NoRandomness};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::known::InvalidSpec;

/// An answer, for a person and for a program. Either may hold a secret, and is wiped on drop.
pub(crate) struct Output {
    text: Zeroizing<String>,
    json: Zeroizing<String>,
}

impl Output {
    /// The text ends in a line break.
    pub(crate) fn new(text: String, json: &impl Serialize) -> Result<Self, Failure> {
        let text = Zeroizing::new(text);
        let json = serde_json::to_string(json).map_err(|error| Failure::error("output", &error))?;
        Ok(Self { text, json: Zeroizing::new(json + "\n") })
    }
}

/// Why there is no answer, or why it is no. Holds nothing of a secret.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    /// A short, stable word.
    reason: &'static str,
    message: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// The text is no key.
    NoKey,
    /// It is a key, and not the one that was asked for.
    NoMatch,
    /// Nobody can tell.
    Error,
}

impl Failure {
    pub(crate) fn no_key(reason: &'static str, message: impl Into<String>) -> Self {
        Self { kind: Kind::NoKey, reason, message: message.into() }
    }

    pub(crate) fn no_match(message: impl Into<String>) -> Self {
        Self { kind: Kind::NoMatch, reason: "key_mismatch", message: message.into() }
    }

    pub(crate) fn error(reason: &'static str, message: &impl ToString) -> Self {
        Self { kind: Kind::Error, reason, message: message.to_string() }
    }

    fn exit_code(&self) -> ExitCode {
        match self.kind {
            Kind::NoKey | Kind::NoMatch => ExitCode::from(1),
            Kind::Error => ExitCode::from(2),
        }
    }

    fn to_text(&self) -> String {
        let Self { kind, reason, message } = self;
        match kind {
            Kind::NoKey => format!("not a key: {message} ({reason})\n"),
            Kind::NoMatch => format!("no match: {message}\n"),
            Kind::Error => format!("error: {message}\n"),
        }
    }

    fn to_json(&self) -> String {
        let Self { kind, reason, message } = self;
        let (valid, matches) = match kind {
            Kind::NoKey => (Some(false), None),
            Kind::NoMatch => (Some(true), Some(false)),
            Kind::Error => (None, None),
        };
        let is_error = *kind == Kind::Error;
        let object = NoAnswer {
            valid,
            matches,
            reason: (!is_error).then_some(reason),
            error: is_error.then_some(reason),
            message,
        };
        // Nothing in it can fail to be written.
        serde_json::to_string(&object).unwrap_or_default() + "\n"
    }
}

#[derive(Serialize)]
struct NoAnswer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    valid: Option<bool>,
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    matches: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    message: &'a str,
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        Self::no_key(malformed.reason(), malformed.to_string())
    }
}

impl From<InvalidSpec> for Failure {
    fn from(error: InvalidSpec) -> Self {
        Self::error("format", &error)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::error("peppers", &error)
    }
}

impl From<NoRandomness> for Failure {
    fn from(error: NoRandomness) -> Self {
        Self::error("randomness", &error)
    }
}

/// Says the answer, or why there is none, and returns the status to exit with.
pub(crate) fn finish(result: &Result<Output, Failure>, json: bool) -> ExitCode {
    let (written, status) = match result {
        Ok(output) => {
            let text = if json { &output.json } else { &output.text };
            (write(&mut io::stdout().lock(), text), ExitCode::SUCCESS)
        }
        Err(failure) if json => {
            (write(&mut io::stdout().lock(), &failure.to_json()), failure.exit_code())
        }
        Err(failure) => (write(&mut io::stderr().lock(), &failure.to_text()), failure.exit_code()),
    };
    match written {
        // Whoever reads has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => status,
        Err(error) => {
            // When stderr fails as well, the status is all that is left to say it.
            let _ = write(&mut io::stderr(), &format!("error: cannot write: {error}\n"));
            ExitCode::from(2)
        }
        Ok(()) => status,
    }
}

fn write(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}
