//! What `palisade password breached` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::PasswordSource;
use super::password::{SOURCE, STATUS};

#[derive(Debug, Subcommand)]
pub(crate) enum BreachedCommand {
    /// Make a filter of lists of breached passwords
    ///
    /// A list has one password a line, or one SHA-1 a line as in the download of Have I Been Pwned. It may
    /// be compressed with gzip. A filter takes about 9 bits for each password and needs no network: it
    /// knows every password of the lists, and takes one in 256 of all others for one of them (with
    /// --fingerprint 16 one in 65,536, in twice the space).
    #[command(after_help = format!("Examples:\n  \
        palisade password breached build --output breached.filter passwords.txt.gz\n  \
        palisade password breached build --output breached.filter \\\n    \
        --format sha1 --least-count 10 pwned-passwords.txt\n\n{STATUS}"))]
    Build(BuildArgs),
    /// Say whether a password is in a filter
    ///
    /// Reads the password from the terminal, stdin, a file or a variable, and asks nobody else.
    #[command(after_help = format!("{SOURCE}\n\nExample:\n  \
        palisade password breached check --filter breached.filter\n\n\
        Exit status: 0 it is probably breached, 1 it is not in the filter, 2 an error."))]
    Check(CheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// The lists; stdin when none is given
    #[arg(value_name = "LIST")]
    pub(crate) lists: Vec<PathBuf>,
    /// Write the filter to this file, whole or not at all
    #[arg(long, value_name = "PATH")]
    pub(crate) output: PathBuf,
    /// What each line of the lists is
    #[arg(long, value_enum, default_value_t = ListFormat::Plain)]
    pub(crate) format: ListFormat,
    /// With `sha1`: leave out what was seen less often, by the number after the colon
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count)]
    pub(crate) least_count: u64,
    /// How many bits are kept of each password, 8 or 16
    #[arg(long, value_name = "BITS", default_value = "8", value_parser = ["8", "16"])]
    pub(crate) fingerprint: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A password
    Plain,
    /// Its SHA-1 in hex, alone or with `:` and how often it was seen
    Sha1,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The filter
    #[arg(long, value_name = "PATH")]
    pub(crate) filter: PathBuf,
    #[command(flatten)]
    pub(crate) source: PasswordSource,
}

/// No refusal repeats what was given.
fn count(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "a whole number is expected")
}
