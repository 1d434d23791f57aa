//! What `palisade session` and `palisade epoch` take.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use palisade::session::Epoch;

use super::VariableName;
use crate::units::{Leeway, Moment};

const SOURCE: &str = "\
The token is read from stdin, or asked for at a terminal and not shown; one line break at its end \
is dropped.";

const KEYS: &str = "\
Keys are entries `id:secret`, newest first, separated by commas or white space, as `palisade secret \
generate --id ID` makes them; or a set of public Ed25519 keys in JSON (RFC 7517).";

#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// Show the header and the claims of a token, and what of it was verified
    ///
    /// Reads the token from stdin, a file or the environment, and asks nobody. Without a key NOTHING IS
    /// VERIFIED: anyone may have written what is shown. With one the signature is checked, and nothing
    /// else. Of an opaque token the public id is shown and never the secret.
    #[command(after_help = format!("{SOURCE}\n{KEYS}\n\nExamples:\n  \
        palisade session inspect < token.txt\n  \
        KEYS_FILE=keys.txt palisade session inspect --keys-env KEYS < token.txt\n\n\
        Exit status: 0 shown, 1 no token, or its signature was not found right, 2 an error."))]
    Inspect(InspectTokenArgs),
    /// Say whether a signed token is good: form, key, signature, type, claims and times
    ///
    /// Reads the token from stdin, a file or the environment. Whether the session was ended since is not
    /// asked: only the service knows. An opaque token cannot be verified without its store.
    #[command(after_help = format!("{SOURCE}\n{KEYS}\n\nExamples:\n  \
        KEYS_FILE=keys.txt palisade session verify --keys-env KEYS \\\n    \
        --issuer https://auth.example --audience app < token.txt\n  \
        palisade session verify --jwks keys.json --kind epoch \\\n    \
        --issuer https://auth.example --audience app --at 2026-01-01T12:00:00Z < token.txt\n\n\
        Exit status: 0 good, 1 not, 2 an error, so nobody knows."))]
    Verify(VerifyTokenArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum EpochCommand {
    /// Print the epoch that it is: its bounds, and from when the next token is to be had
    #[command(after_help = "Examples:\n  \
        palisade epoch now\n  \
        palisade --json epoch now --at 2026-01-01T12:00:00Z\n\n\
        Exit status: 0 printed, 2 an error.")]
    Now(EpochNowArgs),
    /// Print the bounds of an epoch, and where the clock stands in it
    #[command(after_help = "Examples:\n  \
        palisade epoch window epoch_2026010112\n  \
        palisade epoch window epoch_2026010112 --leeway 30s --at 2026-01-01T13:00:10Z\n\n\
        Exit status: 0 its tokens work at that time, 1 they do not, 2 an error.")]
    Window(EpochWindowArgs),
}

/// Where a token comes from; stdin when nothing is given.
#[derive(Debug, Args)]
pub(crate) struct TokenSource {
    /// Read the token from a file instead of stdin
    #[arg(long, value_name = "PATH", conflicts_with = "env")]
    pub(crate) file: Option<PathBuf>,
    /// Read the token from the environment variable NAME instead of stdin
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<VariableName>,
}

/// What signatures are checked with.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("keys"))]
pub(crate) struct TokenKeys {
    /// Read the keys from the variable NAME, or the file that `NAME_FILE` points to
    #[arg(long, value_name = "NAME", group = "keys")]
    pub(crate) keys_env: Option<VariableName>,
    /// Read the keys from a file
    #[arg(long, value_name = "PATH", group = "keys")]
    pub(crate) keys_file: Option<PathBuf>,
    /// Read a set of public Ed25519 keys from a file
    #[arg(long, value_name = "PATH", group = "keys")]
    pub(crate) jwks: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectTokenArgs {
    #[command(flatten)]
    pub(crate) source: TokenSource,
    #[command(flatten)]
    pub(crate) keys: TokenKeys,
}

#[derive(Debug, Args)]
#[command(mut_group("keys", |group| group.required(true)))]
pub(crate) struct VerifyTokenArgs {
    #[command(flatten)]
    pub(crate) source: TokenSource,
    #[command(flatten)]
    pub(crate) keys: TokenKeys,
    /// Who must have issued it (`iss`), to the letter
    #[arg(long, value_name = "TEXT")]
    pub(crate) issuer: String,
    /// For whom it must be (`aud`), to the letter
    #[arg(long, value_name = "TEXT")]
    pub(crate) audience: String,
    /// The kind that it must be of [default: epoch when it begins with `wt_`, else session]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<SignedKind>,
    /// The time to judge at, in UTC or in seconds since 1970 [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Moment>,
    /// How far two clocks may be apart, at most 60s [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub(crate) leeway: Option<Leeway>,
}

/// The kinds of signed tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignedKind {
    /// Who is signed in
    Session,
    /// What a sidecar may do for an hour
    Epoch,
}

#[derive(Debug, Args)]
pub(crate) struct EpochNowArgs {
    /// Another time than now, in UTC or in seconds since 1970
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Moment>,
}

#[derive(Debug, Args)]
pub(crate) struct EpochWindowArgs {
    /// The epoch, `epoch_YYYYMMDDHH` in UTC
    #[arg(value_name = "EPOCH")]
    pub(crate) epoch: Epoch,
    /// How far two clocks may be apart: widens both ends [default: 0s]
    #[arg(long, value_name = "TIME")]
    pub(crate) leeway: Option<Leeway>,
    /// Another time than now, in UTC or in seconds since 1970
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Moment>,
}
