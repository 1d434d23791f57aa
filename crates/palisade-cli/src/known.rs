//! The key formats that the command knows, and those that the operator describes.

use std::str::FromStr;

use palisade::apikey::{Checksum, FormatError, Formats, KeyFormat, Malformed, PresentedKey};

/// The formats that are meant when none is given.
const KNOWN: [&str; 7] = [
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
pub(crate) struct FormatSpec {
    /// How many random characters a key has.
    pub(crate) body: usize,
    pub(crate) check: Checksum,
    pub(crate) format: KeyFormat,
}

impl FormatSpec {
    /// The checksum as it is written in a format.
    pub(crate) fn check_name(&self) -> &'static str {
        match self.check {
            Checksum::Crc32Prefixed4 => "crc4",
            Checksum::Crc32Body6 => "crc6",
            _ => "none",
        }
    }

    /// The format that is written exactly so; options change the default shape.
    fn read(prefix: &str, options: &str) -> Result<Self, InvalidSpec> {
        let mut body = 43;
        let mut check = Checksum::Crc32Prefixed4;
        let mut bound = false;
        for option in options.split(',').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("body", digits)) => body = digits.parse().map_err(|_| InvalidSpec::Option)?,
                Some(("check", "crc4")) => check = Checksum::Crc32Prefixed4,
                Some(("check", "crc6")) => check = Checksum::Crc32Body6,
                Some(("check", "none")) => check = Checksum::None,
                None if option == "bound" => bound = true,
                _ => return Err(InvalidSpec::Option),
            }
        }
        let format = KeyFormat::new(prefix)?.body_length(body)?.checksum(check);
        let format = if bound { format.server_bound() } else { format };
        Ok(Self { body, check, format })
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

/// The formats that a key is looked for in.
#[derive(Debug)]
pub(crate) struct FormatSet {
    specs: Vec<FormatSpec>,
    formats: Formats,
}

impl FormatSet {
    /// The given formats, or the known ones when none is given.
    pub(crate) fn new(given: Vec<FormatSpec>) -> Result<Self, InvalidSpec> {
        let specs = if given.is_empty() {
            KNOWN.iter().map(|known| known.parse()).collect::<Result<_, _>>()?
        } else {
            given
        };
        let formats = Formats::new(specs.iter().map(|spec| spec.format.clone()))?;
        Ok(Self { specs, formats })
    }

    /// Finds the format of a key and checks its shape and checksum.
    pub(crate) fn parse<'k>(
        &self,
        text: &'k str,
    ) -> Result<(PresentedKey<'k, '_>, &FormatSpec), Malformed> {
        let key = self.formats.parse(text)?;
        let spec = self.specs.iter().find(|spec| spec.format == *key.format());
        Ok((key, spec.ok_or(Malformed::Prefix)?))
    }

    /// The formats, in the order they were given.
    pub(crate) fn specs(&self) -> &[FormatSpec] {
        &self.specs
    }

    /// The prefixes as a list for a message.
    pub(crate) fn prefixes(&self) -> String {
        self.specs.iter().map(|spec| spec.format.prefix()).collect::<Vec<_>>().join(", ")
    }
}
