//! The key formats that the command knows, and those that the operator describes.

use std::str::FromStr;

use palisade::apikey::{Checksum, FormatError, Formats, KeyFormat};

/// The formats that are meant when none is given: those of the reference service gatehouse, and examples
/// of every shape. They are for looking at keys; a scanner's rules are made of formats that are named.
const KNOWN: [&str; 10] = [
    "gate_acct_live",
    "gate_acct_test",
    "gate_coll_live,bound",
    "gmk_acct_live",
    "gmk_acct_test",
    "gmk_cru_live,bound",
    "glc_live",
    "glc_test",
    "gh_live,check=none",
    "ghp,body=30,check=crc6",
];

/// A format as the operator writes it: `PREFIX[,body=N][,check=crc4|crc6|none][,bound]`.
#[derive(Clone, Debug)]
pub(crate) struct FormatSpec(pub(crate) KeyFormat);

impl FormatSpec {
    /// The format that is written exactly so; options change the default shape.
    fn read(prefix: &str, options: &str) -> Result<Self, InvalidSpec> {
        let mut format = KeyFormat::new(prefix)?;
        for option in options.split(',').filter(|option| !option.is_empty()) {
            format = match option.split_once('=') {
                Some(("body", digits)) => {
                    format.body_length(digits.parse().map_err(|_| InvalidSpec::Option)?)?
                }
                Some(("check", "crc4")) => format.checksum(Checksum::Crc32Prefixed4),
                Some(("check", "crc6")) => format.checksum(Checksum::Crc32Body6),
                Some(("check", "none")) => format.checksum(Checksum::None),
                None if option == "bound" => format.server_bound(),
                _ => return Err(InvalidSpec::Option),
            };
        }
        Ok(Self(format))
    }
}

/// The checksum of a format as it is written in one.
pub(crate) fn check_name(format: &KeyFormat) -> &'static str {
    match format.checksum_kind() {
        Checksum::Crc32Prefixed4 => "crc4",
        Checksum::Crc32Body6 => "crc6",
        _ => "none",
    }
}

impl FromStr for FormatSpec {
    type Err = InvalidSpec;

    fn from_str(text: &str) -> Result<Self, InvalidSpec> {
        let (prefix, options) = match text.split_once(',') {
            Some(parts) => parts,
            // A bare prefix that is known means the known format: a `ghp` key of another shape than
            // the listed one would be of no use.
            None => known_options(text).map_or((text, ""), |options| (text, options)),
        };
        Self::read(prefix, options)
    }
}

fn known_options(prefix: &str) -> Option<&'static str> {
    KNOWN
        .iter()
        .find_map(|known| known.split_once(',').filter(|(name, _)| *name == prefix))
        .map(|(_, options)| options)
}

/// Text that describes no format. It is not repeated: it may be a key.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum InvalidSpec {
    #[error("a format is written PREFIX[,body=N][,check=crc4|crc6|none][,bound]")]
    Option,
    #[error(transparent)]
    Format(#[from] FormatError),
}

/// The given formats, or the known ones when none is given.
pub(crate) fn formats(given: Vec<FormatSpec>) -> Result<Formats, InvalidSpec> {
    let specs = if given.is_empty() {
        KNOWN.iter().map(|known| known.parse()).collect::<Result<_, _>>()?
    } else {
        given
    };
    Ok(Formats::new(specs.into_iter().map(|FormatSpec(format)| format))?)
}
