//! What the command line takes, and the help that explains it.
//!
//! There is no argument for a secret: the shell keeps a history, and every user of the machine sees
//! the arguments of every process.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use allowlist::{
    AllowlistCommand, CheckAddressesArgs, DiffArgs, LimitArgs, LintArgs, Meaning, StatsArgs,
};
pub(crate) use breached::{BreachedCommand, BuildArgs, CheckArgs, ListFormat};
pub(crate) use password::{
    ColumnArgs, HashArgs, InspectArgs, MintArg, MintScheme, NormalForm, PasswordCommand,
    PasswordSource, PolicyArgs, RehashArgs, TuneArgs, VerifyPasswordArgs, WrapArgs,
};
pub(crate) use ratelimit::{Rate, RatelimitCommand, SimulateArgs};
pub(crate) use session::{
    EpochCommand, EpochNowArgs, EpochWindowArgs, InspectTokenArgs, SessionCommand, SignedKind,
    TokenKeys, TokenSource, VerifyTokenArgs,
};
pub(crate) use webhook::{
    GenerateWebhookArgs, InspectWebhookArgs, NewForm, SecretArgs, SecretWriting, Sender, SignArgs,
    VerifyWebhookArgs, WebhookCommand, WebhookSecretCommand, When, WireArgs,
};

use crate::known::FormatSpec;

mod allowlist;
mod breached;
mod password;
mod ratelimit;
mod session;
mod webhook;

const SHAPES: &str = "\
Formats:
  A format is written PREFIX[,body=N][,check=crc4|crc6|none][,bound]. A PREFIX alone means the
  format that `palisade key formats` lists under it, or else the default: body=43,check=crc4.
    body=N       N random characters, 22 to 128
    check=crc4   _ and four characters that check prefix and body
    check=crc6   six characters that check the body, as in GitHub's classic tokens
    check=none   nothing to check
    bound        the key works from one server only";

const STATUS: &str = "\
Exit status: 0 yes, 1 no (the text is no key, or not that key), 2 an error.";

/// Generate secrets; mint, check, digest and mask API keys; hash and verify passwords; examine tokens;
/// check allowlists; simulate rate limits; sign and verify webhooks
///
/// Secrets are read from stdin, from a file or from an environment variable, never from the command
/// line, and no refusal repeats any of them.
#[derive(Debug, Parser)]
#[command(name = "palisade", version, max_term_width = 100, after_help = STATUS)]
pub(crate) struct Cli {
    /// Print one JSON object on stdout, also for a refusal or an error
    #[arg(long, global = true, display_order = 100)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Generate the secrets that a service is configured with
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Mint, parse, digest, verify and mask API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Hash and verify passwords; look after a column of stored hashes
    #[command(subcommand)]
    Password(PasswordCommand),
    /// Examine and verify session tokens and epoch tokens
    #[command(subcommand)]
    Session(SessionCommand),
    /// Say which hour an epoch token is for
    #[command(subcommand)]
    Epoch(EpochCommand),
    /// Check, examine and compare IP allowlists
    #[command(subcommand)]
    Allowlist(AllowlistCommand),
    /// Simulate rate limits
    #[command(subcommand)]
    Ratelimit(RatelimitCommand),
    /// Sign and verify webhooks; describe their schemes; look after their secrets
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  \
        palisade completions bash > ~/.local/share/bash-completion/completions/palisade")]
    Completions(CompletionsArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Print a new random secret
    ///
    /// It comes from the operating system's generator and is printed as base64url, a form that
    /// every Palisade crate reads. With --id it is an entry `id:secret` of a keyring, so that the
    /// secret can be rotated later: put a new entry before the old one.
    #[command(after_help = "Examples:\n  \
        (umask 077; palisade secret generate --id 2026a > peppers.txt)\n  \
        palisade secret generate --hex --bytes 64")]
    Generate(GenerateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// How many random bytes, 32 to 1024
    #[arg(long, value_name = "N", default_value_t = 32,
          value_parser = clap::value_parser!(u16).range(32..=1024))]
    pub(crate) bytes: u16,
    /// Print hex instead of base64url
    #[arg(long)]
    pub(crate) hex: bool,
    /// Print a keyring entry `ID:secret`; an ID is 1 to 32 of A-Z a-z 0-9 . _ -
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<palisade::secret::KeyId>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Mint a new key and print it
    ///
    /// The key is printed once and kept nowhere. With --peppers-env a second line has the digest to
    /// store. A service mints its own keys; this command is for the first one, for tests and for
    /// repairs by hand.
    #[command(after_help = format!("{SHAPES}\n\nExamples:\n  \
        palisade key mint --format gmk_acct_live\n  \
        PEPPERS_FILE=peppers.txt palisade key mint --format acme_live --peppers-env PEPPERS"))]
    Mint(MintArgs),
    /// Say whether the text on stdin is a well-formed key, and of which format
    ///
    /// Reads the key from stdin, a file or the environment and checks its shape and its checksum.
    /// It does not know whether a service ever issued the key.
    #[command(after_help = format!("{SHAPES}\n\nExamples:\n  \
        palisade key parse < key.txt\n  \
        palisade --json key parse --env API_KEY\n\n{STATUS}"))]
    Parse(KeyArgs),
    /// Print the digest that a server stores for the key on stdin
    ///
    /// Reads the key from stdin, a file or the environment. The digest is HMAC-SHA256 of the whole
    /// key under the primary pepper, as `hmac-sha256$<pepper>$<digest>`.
    #[command(after_help = format!("{SHAPES}\n\nExamples:\n  \
        PEPPERS_FILE=peppers.txt palisade key digest --peppers-env PEPPERS < key.txt\n  \
        palisade key digest --legacy-sha256 --file key.txt\n\n{STATUS}"))]
    Digest(DigestArgs),
    /// Say whether the key on stdin is the one that a stored digest was made of
    ///
    /// Reads the key from stdin, a file or the environment. A plain `sha256$` digest needs no
    /// pepper; every other needs the peppers that it names.
    #[command(after_help = format!("{SHAPES}\n\nExample:\n  \
        PEPPERS_FILE=peppers.txt palisade key verify \\\n    \
        --peppers-env PEPPERS --digest-file digest.txt < key.txt\n\n{STATUS}"))]
    Verify(VerifyArgs),
    /// Print what may be shown of the key on stdin, like `gmk_acct_live_…k4Qm`
    ///
    /// Reads the key from stdin, a file or the environment. Text that is no key is refused and not
    /// repeated, so the output is always safe to log.
    #[command(after_help = format!("{SHAPES}\n\nExample:\n  \
        palisade key mask < key.txt\n\n{STATUS}"))]
    Mask(KeyArgs),
    /// List the key formats, or print what leak scanners need to know of them
    ///
    /// Without --format it lists the formats that this command knows: those of the reference service
    /// gatehouse, and examples of every shape. What scanners need is printed for the formats that you
    /// name with --format.
    #[command(after_help = format!("{SHAPES}\n\nExamples:\n  \
        palisade key formats\n  \
        palisade key formats --gitleaks --format acme_live --format acme_test >> .gitleaks.toml\n  \
        palisade key formats --format acme_live --partner --service Acme \\\n    \
        --endpoint https://acme.example/leaks --contact security@acme.example"))]
    Formats(FormatsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct MintArgs {
    /// The format of the key; see below
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: FormatSpec,
    #[command(flatten)]
    pub(crate) peppers: PeppersArg,
}

/// A key that is read, and which formats it may have.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(flatten)]
    pub(crate) source: KeySource,
    /// A format that the key may have; repeat it for several [default: those that are known]
    #[arg(long = "format", value_name = "FORMAT")]
    pub(crate) formats: Vec<FormatSpec>,
}

/// Where a key comes from; stdin when nothing is given.
#[derive(Debug, Args)]
pub(crate) struct KeySource {
    /// Read the key from a file instead of stdin
    #[arg(long, value_name = "PATH", conflicts_with = "env")]
    pub(crate) file: Option<PathBuf>,
    /// Read the key from the environment variable NAME instead of stdin
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<VariableName>,
}

/// Where the peppers come from.
#[derive(Debug, Args)]
pub(crate) struct PeppersArg {
    /// Read the peppers from the variable NAME, or the file that `NAME_FILE` points to
    ///
    /// They are entries `id:secret`, newest first, separated by commas or white space;
    /// `palisade secret generate --id ID` makes one.
    #[arg(long, value_name = "NAME")]
    pub(crate) peppers_env: Option<VariableName>,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("scheme").args(["peppers_env", "legacy_sha256"]).required(true))]
pub(crate) struct DigestArgs {
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) peppers: PeppersArg,
    /// Print the plain `sha256$` digest of an older system; needs no pepper
    #[arg(long)]
    pub(crate) legacy_sha256: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("stored").required(true))]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) peppers: PeppersArg,
    /// The stored digest; in quotes, since it holds `$`
    #[arg(long, value_name = "TEXT", group = "stored")]
    pub(crate) digest: Option<String>,
    /// Read the stored digest from a file
    #[arg(long, value_name = "PATH", group = "stored")]
    pub(crate) digest_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct FormatsArgs {
    /// A format to describe; repeat it for several [default for the list: those that are known]
    #[arg(long = "format", value_name = "FORMAT")]
    pub(crate) formats: Vec<FormatSpec>,
    /// Print a regular expression for each --format
    #[arg(long, group = "what")]
    pub(crate) regex: bool,
    /// Print a gitleaks rule for each --format, in TOML
    #[arg(long, group = "what")]
    pub(crate) gitleaks: bool,
    /// Print, for each --format, what a forge asks for to report leaked keys to you (its
    /// secret-scanning partner programme)
    #[arg(long, group = "what", requires_all = ["service", "endpoint", "contact"])]
    pub(crate) partner: bool,
    /// With --partner: the name of the service, as its users know it
    #[arg(long, value_name = "NAME", requires = "partner")]
    pub(crate) service: Option<String>,
    /// With --partner: the address that receives reports of leaked keys
    #[arg(long, value_name = "URL", requires = "partner")]
    pub(crate) endpoint: Option<String>,
    /// With --partner: where the programme reaches the team
    #[arg(long, value_name = "ADDRESS", requires = "partner")]
    pub(crate) contact: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

/// The body of a key has at least as many characters, and no `_` among them.
const SHORTEST_BODY: usize = 22;

/// The name of an environment variable: of `A-Z 0-9 _`, in words that are shorter than the body of
/// any key.
///
/// `--env $KEY` instead of `--env KEY` is an easy slip, and an error about a variable names it. So
/// nothing that may be a key passes for a name, not even one in capitals.
#[derive(Clone, Debug)]
pub(crate) struct VariableName(String);

impl VariableName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for VariableName {
    type Err = InvalidVariableName;

    fn from_str(text: &str) -> Result<Self, InvalidVariableName> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let starts_well = text.starts_with(|first: char| !first.is_ascii_digit());
        let short_words = text.split('_').all(|word| word.len() < SHORTEST_BODY);
        if starts_well && short_words && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidVariableName)
        }
    }
}

/// Text that is not taken for the name of a variable. It is not repeated: it may be the secret.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "the name of a variable is expected, of A-Z 0-9 _ and no digit first; was its value given, with a `$`?"
)]
pub(crate) struct InvalidVariableName;
