//! What `palisade allowlist` takes.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};

const FORMAT: &str = "\
A list has one entry a line: a network, and after white space its label. `#` begins a comment. It may \
be compressed with gzip, and `-` is stdin.";

#[derive(Debug, Subcommand)]
pub(crate) enum AllowlistCommand {
    /// Say which addresses a list allows, and by which entry
    #[command(after_help = format!("{FORMAT}\n\nExamples:\n  \
        palisade allowlist check allow.txt 203.0.113.7 2001:db8::1\n  \
        palisade allowlist check allow.txt --explain 203.0.113.7\n  \
        cut -d' ' -f1 access.log | palisade allowlist check feed.txt.gz -\n\n\
        Exit status: 0 all are allowed, 1 one is not, 2 an error, so nobody knows."))]
    Check(CheckAddressesArgs),
    /// Say what is wrong with a list, with the line of each mistake, or what is odd about it
    ///
    /// Every line that is no entry is told of. When there is none, the list is examined: entries that are there
    /// twice, inside of wider ones, very broad, or with bits beyond their length, and whether one of IPv4 and IPv6 is
    /// missing, which is not clean unless `--one-family` says that it is meant.
    #[command(after_help = format!("{FORMAT}\n\nExamples:\n  \
        palisade allowlist lint allow.txt\n  \
        palisade allowlist lint --strict --refuse-broader-than 16,32 allow.txt\n\n\
        Exit status: 0 clean, 1 something was found, 2 an error, so nobody knows."))]
    Lint(LintArgs),
    /// Say what changes from one list to another: entries, and which addresses change sides
    ///
    /// An entry that goes from inside of a wider one changes nothing for anybody, so there are two answers. Lines
    /// with `-`, `+` and `~` are entries that are removed, added or get another label; `allowed` and `denied` are the
    /// fewest networks that hold all addresses that change sides.
    #[command(after_help = format!("{FORMAT}\n\nExample:\n  \
        palisade allowlist diff allow.txt allow.new.txt\n\n\
        Exit status: 0 nothing changes, 1 something does, 2 an error, so nobody knows."))]
    Diff(DiffArgs),
    /// Count a list: entries by length and by label, addresses, the fewest networks, memory
    #[command(after_help = format!("{FORMAT}\n\nExample:\n  \
        palisade allowlist stats feed.txt.gz\n\n\
        Exit status: 0 counted, 2 an error."))]
    Stats(StatsArgs),
}

/// How much is read.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// Take at most N entries
    #[arg(long, value_name = "N", default_value_t = 2_000_000,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000_000))]
    pub(crate) max_entries: u32,
}

/// What a list without entries means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Meaning {
    /// It allows everyone
    Allow,
    /// It denies everyone
    Deny,
}

#[derive(Debug, Args)]
pub(crate) struct CheckAddressesArgs {
    /// The list
    #[arg(value_name = "FILE")]
    pub(crate) list: PathBuf,
    /// Addresses; `-` reads them from stdin, one a line
    #[arg(value_name = "IP", required = true)]
    pub(crate) addresses: Vec<String>,
    /// Say why: every entry that matches, or the nearest ones
    #[arg(long)]
    pub(crate) explain: bool,
    /// What a list without entries means [default: that is an error]
    #[arg(long, value_enum)]
    pub(crate) empty: Option<Meaning>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// The list
    #[arg(value_name = "FILE")]
    pub(crate) list: PathBuf,
    /// Take bits beyond the length, as in `10.0.0.1/8`, for a mistake
    #[arg(long)]
    pub(crate) strict: bool,
    /// Take networks for a mistake whose length is below V4 or V6; `1,1` refuses `0.0.0.0/0` and `::/0`
    #[arg(long, value_name = "V4,V6")]
    pub(crate) refuse_broader_than: Option<Breadth>,
    /// A list of IPv4 alone, or of IPv6 alone, is meant
    #[arg(long)]
    pub(crate) one_family: bool,
    /// What a list without entries means [default: that is a mistake]
    #[arg(long, value_enum)]
    pub(crate) empty: Option<Meaning>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The list as it was
    #[arg(value_name = "A")]
    pub(crate) old: PathBuf,
    /// The list as it is to be
    #[arg(value_name = "B")]
    pub(crate) new: PathBuf,
    /// What a list without entries means [default: that is an error]
    #[arg(long, value_enum)]
    pub(crate) empty: Option<Meaning>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    /// The list
    #[arg(value_name = "FILE")]
    pub(crate) list: PathBuf,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// The shortest prefix length of each family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Breadth {
    pub(crate) ipv4: u8,
    pub(crate) ipv6: u8,
}

impl FromStr for Breadth {
    type Err = InvalidBreadth;

    fn from_str(text: &str) -> Result<Self, InvalidBreadth> {
        let (ipv4, ipv6) = text.split_once(',').ok_or(InvalidBreadth)?;
        let length = |text: &str, most: u8| {
            // `parse` alone would accept a sign.
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let length = digits.then(|| text.parse().ok()).flatten();
            length.filter(|length| *length <= most).ok_or(InvalidBreadth)
        };
        Ok(Self { ipv4: length(ipv4, 32)?, ipv6: length(ipv6, 128)? })
    }
}

/// Text that is no pair of prefix lengths.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("two prefix lengths are expected, of IPv4 and of IPv6, such as 16,32")]
pub(crate) struct InvalidBreadth;
