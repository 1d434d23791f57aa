//! What `palisade password` takes.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::{BreachedCommand, PeppersArg, VariableName};
use crate::units::{Size, Time, number};

pub(super) const SOURCE: &str = "\
The password is asked for at a terminal and not shown, or else read from stdin; one line break at \
its end is dropped, and all else is part of it. More than 4096 bytes are refused.";

const COLUMN: &str = "\
Stored hashes come one a line from stdin or from --file. With --tab each line is KEY<TAB>HASH, and \
the key, such as the id of the user, is carried along. A line that cannot be read is told of by its \
number; it is not repeated.";

pub(super) const STATUS: &str = "\
Exit status: 0 done, 2 an error.";

#[derive(Debug, Subcommand)]
pub(crate) enum PasswordCommand {
    /// Hash a password and print what is to be stored
    ///
    /// At a terminal the password is asked for twice and not shown. With --peppers-env the hash is made
    /// under the first pepper.
    #[command(after_help = format!("{SOURCE}\n\nExamples:\n  \
        palisade password hash\n  \
        palisade password hash --memory 64MiB --passes 3 < password.txt\n  \
        PEPPERS_FILE=peppers.txt palisade password hash --peppers-env PEPPERS\n\n{STATUS}"))]
    Hash(HashArgs),
    /// Say whether a password is the one that a stored hash was made of
    ///
    /// The stored hash is no argument: whoever has it can try passwords against it. It comes from a file,
    /// a variable or stdin; the password from the terminal, stdin, a file or a variable. On a match it
    /// also says why the hash should be made anew, by the measure of --scheme and its parameters.
    #[command(after_help = format!("{SOURCE}\n\nExamples:\n  \
        palisade password verify --hash-file hash.txt\n  \
        palisade password verify --hash-env STORED < password.txt\n  \
        PEPPERS_FILE=peppers.txt palisade password verify --hash-stdin \\\n    \
        --peppers-env PEPPERS --allow-unpeppered < hash.txt\n\n\
        Exit status: 0 a match, 1 no match, 2 an error, so nobody knows."))]
    Verify(VerifyPasswordArgs),
    /// Say what stored hashes are: scheme, parameters, memory, peppers
    ///
    /// Reads stored hashes from stdin or a file. Neither salt nor digest is shown. With --tally it counts
    /// the kinds of hashes in a whole column: what the unknown user of a login has to cost.
    #[command(after_help = format!("{COLUMN}\n\nExamples:\n  \
        palisade password inspect < hash.txt\n  \
        palisade password inspect --tally --file hashes.txt\n\n\
        Exit status: 0 all were read, 1 some are no hash that can be read, 2 an error."))]
    Inspect(InspectArgs),
    /// Say which stored hashes should be made anew, and why
    ///
    /// Reads stored hashes from stdin or a file. Of one hash it prints the reason or `no`; of several,
    /// LINE<TAB>REASON for each that should. A hash that is stronger than what --scheme and its
    /// parameters ask for is left alone.
    #[command(after_help = format!("{COLUMN}\n\nExamples:\n  \
        palisade password needs-rehash < hash.txt\n  \
        palisade password needs-rehash --memory 64MiB --passes 3 --file hashes.txt\n\n\
        Exit status: 0 some should be made anew, 1 none, 2 an error, also where one cannot be read."))]
    NeedsRehash(RehashArgs),
    /// Lay Argon2id around weak stored hashes, without their passwords
    ///
    /// Reads stored hashes from stdin or a file, and writes them in the same order, the weak ones wrapped
    /// and the others as they were. Whoever steals the table from then on has to break Argon2id. With
    /// --output the file takes its place once everything is written, readable by its owner alone; after
    /// any error it is left as it was. Without, the hashes go to stdout until an error ends them.
    ///
    /// Store the results with a compare-and-swap on the old hash: a password may change meanwhile.
    #[command(after_help = format!("{COLUMN}\n\nExamples:\n  \
        palisade password wrap --file hashes.txt --output wrapped.txt\n  \
        palisade password wrap --tab --only-changed --budget 256MiB \\\n    \
        --file users.tsv --output changed.tsv\n\n{STATUS}"))]
    Wrap(WrapArgs),
    /// Find the parameters of Argon2id that this machine can afford under load
    ///
    /// Measures for some seconds with as many logins at once as are asked for, and prints the strongest
    /// parameters that keep the target. Run it where the service will run, while nothing else does.
    #[command(after_help = "Examples:\n  \
        palisade password tune --target 250ms --memory 1GiB --concurrency 4\n  \
        palisade --json password tune --target 500ms\n\n\
        Exit status: 0 found, 1 nothing as strong as OWASP asks keeps the target, 2 an error.")]
    Tune(TuneArgs),
    /// Make and ask filters of breached passwords
    #[command(subcommand)]
    Breached(BreachedCommand),
}

/// Where a password comes from; the terminal or stdin when nothing is given.
#[derive(Debug, Args)]
pub(crate) struct PasswordSource {
    /// Read the password from a file instead of the terminal or stdin
    #[arg(long, value_name = "PATH", conflicts_with = "env")]
    pub(crate) file: Option<PathBuf>,
    /// Read the password from the environment variable NAME instead of the terminal or stdin
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<VariableName>,
}

/// What new hashes are made with.
#[derive(Debug, Args)]
pub(crate) struct MintArg {
    /// The scheme of new hashes
    #[arg(long, value_enum, default_value_t = MintScheme::Argon2id)]
    pub(crate) scheme: MintScheme,
    /// Memory of Argon2id, 8KiB or more [default: 19MiB]
    #[arg(long, value_name = "SIZE", conflicts_with_all = ["cost", "prehash"])]
    pub(crate) memory: Option<Size>,
    /// Passes of Argon2id over the memory, 1 to 16 [default: 2]
    #[arg(long, value_name = "N", value_parser = number::<1, 16>,
          conflicts_with_all = ["cost", "prehash"])]
    pub(crate) passes: Option<u32>,
    /// Lanes of Argon2id, 1 to 16 [default: 1]
    #[arg(long, value_name = "N", value_parser = number::<1, 16>,
          conflicts_with_all = ["cost", "prehash"])]
    pub(crate) lanes: Option<u32>,
    /// Cost of bcrypt, 10 to 16 [default: 12]
    #[arg(long, value_name = "N", value_parser = number::<10, 16>)]
    pub(crate) cost: Option<u32>,
    /// With bcrypt: let passwords be longer than 72 bytes (passlib's bcrypt-sha256, version 2)
    #[arg(long)]
    pub(crate) prehash: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MintScheme {
    Argon2id,
    Bcrypt,
}

/// The policy by which hashes are made and judged.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(flatten)]
    pub(crate) mint: MintArg,
    #[command(flatten)]
    pub(crate) peppers: PeppersArg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum NormalForm {
    None,
    Nfc,
    Nfkc,
}

#[derive(Debug, Args)]
pub(crate) struct HashArgs {
    #[command(flatten)]
    pub(crate) source: PasswordSource,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// The form of Unicode that the password is brought to; a setting of the whole store
    #[arg(long, value_enum, value_name = "FORM", default_value_t = NormalForm::None)]
    pub(crate) normalization: NormalForm,
    /// Hash the empty password, which is refused otherwise
    #[arg(long)]
    pub(crate) allow_empty: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("stored").required(true))]
pub(crate) struct VerifyPasswordArgs {
    #[command(flatten)]
    pub(crate) source: PasswordSource,
    /// Read the stored hash from a file
    #[arg(long, value_name = "PATH", group = "stored")]
    pub(crate) hash_file: Option<PathBuf>,
    /// Read the stored hash from the environment variable NAME
    #[arg(long, value_name = "NAME", group = "stored")]
    pub(crate) hash_env: Option<VariableName>,
    /// Read the stored hash from stdin; the password is asked for at the terminal
    #[arg(long, group = "stored")]
    pub(crate) hash_stdin: bool,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// The form of Unicode that the password is brought to; a setting of the whole store
    #[arg(long, value_enum, value_name = "FORM", default_value_t = NormalForm::None)]
    pub(crate) normalization: NormalForm,
    /// Accept bcrypt of the version 2x, which different passwords may match
    #[arg(long)]
    pub(crate) accept_2x: bool,
    /// With peppers: accept a stored hash that has none
    #[arg(long, requires = "peppers_env")]
    pub(crate) allow_unpeppered: bool,
}

/// Where stored hashes come from; stdin when nothing is given.
#[derive(Debug, Args)]
pub(crate) struct ColumnArgs {
    /// Read the stored hashes from a file instead of stdin
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<PathBuf>,
    /// Each line is KEY<TAB>HASH
    #[arg(long)]
    pub(crate) tab: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    pub(crate) column: ColumnArgs,
    /// Count the kinds of hashes instead of listing each hash
    #[arg(long)]
    pub(crate) tally: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RehashArgs {
    #[command(flatten)]
    pub(crate) column: ColumnArgs,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

#[derive(Debug, Args)]
pub(crate) struct WrapArgs {
    #[command(flatten)]
    pub(crate) column: ColumnArgs,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// Write to this file, whole or not at all, instead of stdout
    #[arg(long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// Leave out the hashes that need no wrapping
    #[arg(long)]
    pub(crate) only_changed: bool,
    /// How many hashes are computed at once, 1 to 1024 [default: one for each core]
    #[arg(long, value_name = "N", value_parser = number::<1, 1024>)]
    pub(crate) workers: Option<u32>,
    /// The memory of all workers together [default: what that many hashes take]
    #[arg(long, value_name = "SIZE")]
    pub(crate) budget: Option<Size>,
}

#[derive(Debug, Args)]
pub(crate) struct TuneArgs {
    /// How long a login may wait for its hash; of a hundred, ninety-nine wait no longer
    #[arg(long, value_name = "TIME", default_value = "250ms")]
    pub(crate) target: Time,
    /// The memory of all hashes together
    #[arg(long, value_name = "SIZE", default_value = "1GiB")]
    pub(crate) memory: Size,
    /// How many logins there are at any one time, 1 to 1024
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = number::<1, 1024>)]
    pub(crate) concurrency: u32,
}
