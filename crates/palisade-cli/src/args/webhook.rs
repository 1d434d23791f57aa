//! What `palisade webhook` takes.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use palisade::webhook::{MessageId, Scheme};

use super::VariableName;
use crate::units::{InvalidMoment, Leeway, Moment, Size};

const BODY: &str = "\
BODY is a file, or `-` for stdin, and is taken byte for byte.";

const SECRETS: &str = "\
A secret comes from a variable, from a file or, with `--secret-file -`, from stdin. It is written as the \
scheme's senders write it: whsec_… or whsk_… for standard and svix, whsk_… for discord, PEM for sendgrid \
and github-secret-scanning, else the text itself is the key. --secret-form says otherwise. One line break \
at the end of a file is dropped, except with `verbatim`, and nothing else is.";

const STATUS: &str = "\
Exit status: 0 verified, 1 refused, 2 an error, so nobody knows.";

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Sign a body: print the headers to send with it
    ///
    /// Reads the body from a file or from stdin. Where a header can hold several signatures, there is one of each
    /// secret; elsewhere the first one signs.
    #[command(after_help = format!("{BODY} {SECRETS}\n\nExamples:\n  \
        SECRET_FILE=secret.txt palisade webhook sign --scheme github --secret-env SECRET body.json\n  \
        palisade webhook sign --scheme standard --secret-file secret.txt \\\n    \
        --curl http://localhost:8080/hooks body.json\n  \
        palisade webhook sign --scheme glacis --secret-file old.txt \\\n    \
        --beside standard --beside-secret-file new.txt body.json\n\n\
        Exit status: 0 signed, 2 an error."))]
    Sign(Box<SignArgs>),
    /// Say whether a body and its headers are a webhook of the sender, and if not, why
    ///
    /// Reads the body from a file or from stdin as it comes, of any size. Whether the message came before is not
    /// asked: only the service knows.
    #[command(after_help = format!("{BODY} {SECRETS}\n\n\
        --headers takes lines `Name: value` up to an empty one, as they go over the wire, or as `curl -v` shows \
        them: a request line, `> ` or `< ` before a line and lines with `* ` do no harm.\n\nExamples:\n  \
        palisade webhook verify --scheme github --secret-file secret.txt \\\n    \
        --headers headers.txt --explain body.json\n  \
        palisade webhook verify --scheme discord --key public.txt \\\n    \
        --headers headers.txt --now 1700000000 body.json\n\n{STATUS}"))]
    Verify(Box<VerifyWebhookArgs>),
    /// Print the wire format of a scheme, or list the schemes
    #[command(after_help = "Examples:\n  \
        palisade webhook headers\n  \
        palisade webhook headers --scheme stripe")]
    Headers(WireArgs),
    /// Generate and examine the secrets of webhooks
    #[command(subcommand)]
    Secret(WebhookSecretCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookSecretCommand {
    /// Print a new random secret, or write it to a file
    ///
    /// It comes from the operating system's generator and has 32 bytes.
    #[command(after_help = "Examples:\n  \
        palisade webhook secret generate --out secret.txt\n  \
        palisade webhook secret generate --form ed25519 --out private.txt")]
    Generate(GenerateWebhookArgs),
    /// Say what kind of secret or key a text is, and which schemes take it
    ///
    /// Reads it from stdin, a file or the environment. Of a private key the public half is printed. A secret never
    /// is.
    #[command(after_help = "Examples:\n  \
        palisade webhook secret inspect < secret.txt\n  \
        palisade webhook secret inspect --env SECRET\n\n\
        Exit status: 0 a scheme takes it as it is, 1 none does, or white space surrounds it, 2 an error.")]
    Inspect(InspectWebhookArgs),
}

/// Where the secrets come from.
#[derive(Debug, Args)]
pub(crate) struct SecretArgs {
    /// Read a secret from the variable NAME, or the file that `NAME_FILE` points to; repeat it for several
    #[arg(long = "secret-env", value_name = "NAME")]
    pub(crate) env: Vec<VariableName>,
    /// Read a secret from a file, or from stdin with `-`; repeat it for several
    #[arg(long = "secret-file", value_name = "PATH")]
    pub(crate) file: Vec<PathBuf>,
    /// How the secrets are written [default: as the scheme's senders write them]
    #[arg(long = "secret-form", value_enum, value_name = "FORM")]
    pub(crate) form: Option<SecretWriting>,
}

/// How a secret is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SecretWriting {
    /// The text itself is the key
    Text,
    /// The same with all white space around it, and the line break at the end of a file
    Verbatim,
    /// `whsec_` and base64, as in Standard Webhooks
    Whsec,
    /// Base64 with padding
    Base64,
    /// Hex
    Hex,
    /// A private key of Ed25519, `whsk_` and base64
    Whsk,
    /// A private key of P-256 in PEM (PKCS #8)
    Pem,
}

#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// How to sign
    #[arg(long, value_name = "NAME", value_parser = sender())]
    pub(crate) scheme: Sender,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    /// The message id [default: a new one, where the scheme has one]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<MessageId>,
    /// The time of signing: seconds since 1970, a time in UTC, or `now`
    #[arg(long, value_name = "TIME", default_value = "now", hide_default_value = true)]
    pub(crate) time: When,
    /// The receiver's URL, for a scheme that signs it
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Sign by this scheme too: its headers stand beside the others
    #[arg(long, value_name = "NAME", value_parser = scheme())]
    pub(crate) beside: Option<Scheme>,
    /// As --secret-env, for the scheme of --beside
    #[arg(long, value_name = "NAME", requires = "beside")]
    pub(crate) beside_secret_env: Vec<VariableName>,
    /// As --secret-file, for the scheme of --beside
    #[arg(long, value_name = "PATH", requires = "beside")]
    pub(crate) beside_secret_file: Vec<PathBuf>,
    /// Print a curl command that posts the body to URL as JSON, instead of the headers
    #[arg(long, value_name = "URL")]
    pub(crate) curl: Option<String>,
    /// The body: a file, or `-` for stdin
    #[arg(value_name = "BODY")]
    pub(crate) body: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyWebhookArgs {
    /// How it is said to be signed
    #[arg(long, value_name = "NAME", value_parser = sender())]
    pub(crate) scheme: Sender,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    /// Read a public key from a file: whpk_…, hex, PEM or base64; repeat it for several
    #[arg(long, value_name = "PATH")]
    pub(crate) key: Vec<PathBuf>,
    /// Read the headers from a file, or from stdin with `-`
    #[arg(long, value_name = "PATH", required_unless_present = "header")]
    pub(crate) headers: Option<PathBuf>,
    /// A header, `Name: value`; repeat it for several
    #[arg(long, value_name = "LINE")]
    pub(crate) header: Vec<String>,
    /// The time to judge at: seconds since 1970, a time in UTC, or `now`
    #[arg(long, value_name = "TIME", default_value = "now", hide_default_value = true)]
    pub(crate) now: When,
    /// How far the time of signing may be off, as in 300 (seconds) or 5m [default: the scheme's]
    #[arg(long, value_name = "TIME", conflicts_with = "any_age")]
    pub(crate) tolerance: Option<Tolerance>,
    /// Do not judge the time of signing
    #[arg(long)]
    pub(crate) any_age: bool,
    /// The URL under which the sender knows the receiver, for a scheme that signs it
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Refuse a longer body, as in 32MiB [default: any length]
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_body: Option<Size>,
    /// When it is refused, look for the mistake: in the form of the secret, in the body, in the clock
    #[arg(long)]
    pub(crate) explain: bool,
    /// The body: a file, or `-` for stdin
    #[arg(value_name = "BODY")]
    pub(crate) body: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct WireArgs {
    /// The scheme [default: all of them, in short]
    #[arg(long, value_name = "NAME", value_parser = sender())]
    pub(crate) scheme: Option<Sender>,
}

/// The forms of a new secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewForm {
    /// `whsec_` and base64, as in Standard Webhooks
    Whsec,
    /// Hex
    Hex,
    /// Base64 with padding
    Base64,
    /// A private key, `whsk_` and base64; receivers get its public half
    Ed25519,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateWebhookArgs {
    /// In which form
    #[arg(long, value_enum, default_value = "whsec")]
    pub(crate) form: NewForm,
    /// Write it to a new file that its owner alone can read, instead of printing it
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectWebhookArgs {
    /// Read the secret from a file instead of stdin
    #[arg(long, value_name = "PATH", conflicts_with = "env")]
    pub(crate) file: Option<PathBuf>,
    /// Read the secret from the environment variable NAME instead of stdin
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<VariableName>,
}

/// Takes the names of the known schemes, and lists them where another one is given.
fn scheme() -> impl TypedValueParser<Value = Scheme> {
    PossibleValuesParser::new(Scheme::ALL.map(|scheme| scheme.name()))
        .try_map(|name| Scheme::by_name(&name).ok_or("no such scheme"))
}

/// A scheme that is data, or Twilio's, which is not.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of it, for as long as the command runs"
)]
pub(crate) enum Sender {
    Data(Scheme),
    Twilio,
}

/// Takes the names of those and `twilio`.
fn sender() -> impl TypedValueParser<Value = Sender> {
    let names = Scheme::ALL.map(|scheme| scheme.name()).into_iter().chain(["twilio"]);
    PossibleValuesParser::new(names)
        .map(|name| Scheme::by_name(&name).map_or(Sender::Twilio, Sender::Data))
}

/// A point in time, or the one at which the command runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    Now,
    At(Moment),
}

impl When {
    pub(crate) fn time(self) -> SystemTime {
        match self {
            Self::Now => SystemTime::now(),
            Self::At(moment) => moment.0,
        }
    }
}

impl FromStr for When {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, InvalidMoment> {
        if text == "now" { Ok(Self::Now) } else { text.parse().map(Self::At) }
    }
}

/// How far a time may be off, written `300` in seconds, as schemes do, or `5m`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tolerance(pub(crate) Duration);

impl FromStr for Tolerance {
    type Err = InvalidTolerance;

    fn from_str(text: &str) -> Result<Self, InvalidTolerance> {
        // `parse` alone would accept a sign.
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds = text.parse().map_err(|_| InvalidTolerance)?;
            return Ok(Self(Duration::from_secs(seconds)));
        }
        text.parse::<Leeway>().map(|leeway| Self(leeway.0)).map_err(|_| InvalidTolerance)
    }
}

/// Text that is no tolerance.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a tolerance is a number of seconds, such as 300, or a number and a unit, such as 5m")]
pub(crate) struct InvalidTolerance;
