//! What the command says: the answer on stdout, everything else on stderr, or one JSON object.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use palisade::apikey::Malformed;
use palisade::password::{BuildError, HashError, InvalidParameters, VerifyError};
use palisade::secret::{LoadError, NoRandomness};
use palisade::session::TokenRefused;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::known::InvalidSpec;
use crate::password::describe;
use crate::problems::{Problem, Problems};
use crate::units::visible;

/// An answer, for a person and for a program. Either may hold a secret, and is wiped on drop.
pub(crate) struct Output {
    text: Zeroizing<String>,
    json: Zeroizing<String>,
    /// What a person is told beside the answer, on stderr.
    notes: String,
    status: u8,
}

impl Output {
    /// The text ends in a line break.
    pub(crate) fn new(text: String, json: &impl Serialize) -> Result<Self, Failure> {
        let text = Zeroizing::new(text);
        let json = serde_json::to_string(json).map_err(|error| Failure::error("output", &error))?;
        Ok(Self { text, json: Zeroizing::new(json + "\n"), notes: String::new(), status: 0 })
    }

    /// With the JSON in visible ASCII, since a stranger wrote some of it.
    pub(crate) fn in_ascii(mut self) -> Self {
        self.json = Zeroizing::new(visible(self.json.trim_end()) + "\n");
        self
    }

    /// With something on stderr beside it, which ends in a line break.
    pub(crate) fn with_notes(mut self, notes: String) -> Self {
        self.notes = notes;
        self
    }

    /// With another status than 0: the answer is no, or is not whole.
    pub(crate) fn with_status(mut self, status: u8) -> Self {
        self.status = status;
        self
    }

    /// As the end of the object that [`Rows`](crate::rows::Rows) began.
    pub(crate) fn after_rows(mut self) -> Self {
        self.json = Zeroizing::new(end_of_rows(&self.json));
        self
    }
}

/// The fields of an object, behind those of one whose last field is an array that is still open.
fn end_of_rows(object: &str) -> String {
    format!("],{}", object.trim_start_matches('{'))
}

/// Why there is no answer, or why it is no. Holds nothing of a secret.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    /// A short, stable word.
    reason: &'static str,
    message: String,
    problems: Problems,
    /// Whether rows were begun before it.
    after_rows: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// The text is no key.
    NoKey,
    /// It is a key, and not the one that was asked for.
    NoMatch,
    /// The password is not the one that was asked for.
    WrongPassword,
    /// The token is not good.
    Refused,
    /// Nobody can tell.
    Error,
}

impl Failure {
    pub(crate) fn no_key(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::NoKey, reason, message.into())
    }

    pub(crate) fn no_match(message: impl Into<String>) -> Self {
        Self::new(Kind::NoMatch, "key_mismatch", message.into())
    }

    pub(crate) fn wrong_password() -> Self {
        let message = "the stored hash was made of another password";
        Self::new(Kind::WrongPassword, "password_mismatch", message.into())
    }

    pub(crate) fn refused(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, reason, message.into())
    }

    pub(crate) fn error(reason: &'static str, message: &impl ToString) -> Self {
        Self::new(Kind::Error, reason, message.to_string())
    }

    /// With the lines of the input that it is about.
    pub(crate) fn with_problems(mut self, problems: Problems) -> Self {
        self.problems = problems;
        self
    }

    /// As the end of the object that [`Rows`](crate::rows::Rows) began.
    pub(crate) fn after_rows(mut self) -> Self {
        self.after_rows = true;
        self
    }

    fn new(kind: Kind, reason: &'static str, message: String) -> Self {
        Self { kind, reason, message, problems: Problems::default(), after_rows: false }
    }

    fn exit_code(&self) -> ExitCode {
        match self.kind {
            Kind::NoKey | Kind::NoMatch | Kind::WrongPassword | Kind::Refused => ExitCode::from(1),
            Kind::Error => ExitCode::from(2),
        }
    }

    fn to_text(&self) -> String {
        let Self { kind, reason, message, problems, .. } = self;
        match kind {
            Kind::NoKey => format!("not a key: {message} ({reason})\n"),
            Kind::NoMatch | Kind::WrongPassword => format!("no match: {message}\n"),
            Kind::Refused => format!("not good: {message} ({reason})\n"),
            Kind::Error => format!("{}error: {message}\n", problems.to_text()),
        }
    }

    fn to_json(&self) -> String {
        let Self { kind, reason, message, problems, after_rows } = self;
        let (valid, matches) = match kind {
            Kind::NoKey | Kind::Refused => (Some(false), None),
            Kind::NoMatch => (Some(true), Some(false)),
            Kind::WrongPassword => (None, Some(false)),
            Kind::Error => (None, None),
        };
        let is_error = *kind == Kind::Error;
        let object = NoAnswer {
            valid,
            matches,
            reason: (!is_error).then_some(reason),
            error: is_error.then_some(reason),
            message,
            problems: problems.shown(),
        };
        // Nothing in it can fail to be written.
        let object = serde_json::to_string(&object).unwrap_or_default() + "\n";
        if *after_rows { end_of_rows(&object) } else { object }
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
    #[serde(skip_serializing_if = "<[Problem]>::is_empty")]
    problems: &'a [Problem],
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        Self::no_key(malformed.reason(), malformed.to_string())
    }
}

impl From<TokenRefused> for Failure {
    fn from(refused: TokenRefused) -> Self {
        Self::refused(refused.reason(), refused.to_string())
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

impl From<HashError> for Failure {
    fn from(error: HashError) -> Self {
        Self::error(error.reason(), &error)
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        Self::error(error.reason(), &describe::message(&error))
    }
}

/// What was asked for does not fit together.
impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::error("policy", &error)
    }
}

impl From<InvalidParameters> for Failure {
    fn from(error: InvalidParameters) -> Self {
        Self::error("policy", &error)
    }
}

/// Says the answer, or why there is none, and returns the status to exit with.
pub(crate) fn finish(result: &Result<Output, Failure>, json: bool) -> ExitCode {
    let (written, status) = match result {
        Ok(output) => {
            let text = if json { &output.json } else { &output.text };
            let written = write(&mut io::stdout().lock(), text);
            if !json {
                // The answer is said; a note that nobody can read is no failure.
                let _ = write(&mut io::stderr().lock(), &output.notes);
            }
            (written, ExitCode::from(output.status))
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
