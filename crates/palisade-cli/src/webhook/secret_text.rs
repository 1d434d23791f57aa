//! Reading the texts of secrets and keys. No error repeats any of it.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use palisade::webhook::KeyError;
use zeroize::Zeroizing;

use crate::args::{SecretArgs, VariableName};
use crate::input;
use crate::output::Failure;
use crate::stream::Stream;

/// The longest text of a secret, and a line break.
const MOST: usize = 4096 + "\r\n".len();

/// The text of a secret as it was found.
pub(super) struct SecretText {
    text: Zeroizing<String>,
    /// A file ends with a line break that is not part of the secret, and a variable does not.
    from_file: bool,
}

impl SecretText {
    /// With whatever stands around it.
    pub(super) fn verbatim(&self) -> &str {
        &self.text
    }

    /// Without the one line break that ends a file.
    pub(super) fn line(&self) -> &str {
        if self.from_file { input::without_line_end(&self.text) } else { &self.text }
    }

    /// Reads a file, or stdin where the path is `-`.
    pub(super) fn of_file(path: &Path, option: &str) -> Result<Self, Failure> {
        if Stream(path).is_stdin() { Self::of_stdin() } else { Self::of_path(path, option) }
    }

    pub(super) fn of_stdin() -> Result<Self, Failure> {
        let bytes = input::read_bounded(io::stdin().lock(), MOST)
            .map_err(|error| Failure::error("input", &format!("stdin cannot be read: {error}")))?;
        Self::new(&bytes, true)
    }

    /// Reads the variable, or the file that its twin points to.
    pub(super) fn of_variable(name: &VariableName, option: &str) -> Result<Self, Failure> {
        let twin = format!("{}_FILE", name.as_str());
        match (std::env::var_os(name.as_str()), std::env::var_os(twin)) {
            (Some(value), None) => {
                Self::new(&Zeroizing::new(OsString::into_encoded_bytes(value)), false)
            }
            (None, Some(path)) => Self::of_path(Path::new(&path), option),
            (Some(_), Some(_)) => {
                let message = format!(
                    "the variable whose name is given with {option} is set, and its twin that ends in _FILE \
                     too; unset one of them"
                );
                Err(Failure::error("input", &message))
            }
            (None, None) => {
                let message = format!(
                    "the variable whose name is given with {option} is not set, nor its twin that ends in _FILE"
                );
                Err(Failure::error("input", &message))
            }
        }
    }

    fn of_path(path: &Path, option: &str) -> Result<Self, Failure> {
        Self::new(&input::read_file_up_to(path, option, MOST)?, true)
    }

    fn new(bytes: &[u8], from_file: bool) -> Result<Self, Failure> {
        if bytes.len() > MOST {
            return Err(KeyError::TooLong.into());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| {
            Failure::error("secret", &"the secret is not UTF-8; give its bytes in base64 or hex")
        })?;
        Ok(Self { text: Zeroizing::new(text.to_owned()), from_file })
    }
}

/// The secrets of the command line: those of variables, and then those of files.
pub(super) fn load(args: &SecretArgs) -> Result<Vec<SecretText>, Failure> {
    load_from(&args.env, "--secret-env", &args.file, "--secret-file")
}

pub(super) fn load_from(
    variables: &[VariableName],
    variables_option: &str,
    files: &[impl AsRef<Path>],
    files_option: &str,
) -> Result<Vec<SecretText>, Failure> {
    let of_variables = variables.iter().map(|name| SecretText::of_variable(name, variables_option));
    let of_files = files.iter().map(|path| SecretText::of_file(path.as_ref(), files_option));
    of_variables.chain(of_files).collect()
}

/// Refuses to read one pipe for two things.
pub(super) fn check_streams<'a>(
    paths: impl Iterator<Item = &'a Path> + Clone,
) -> Result<(), Failure> {
    let mut rest = paths.map(Stream);
    while let Some(one) = rest.next() {
        if rest.clone().any(|other| one.is_one_with(other)) {
            let message = "two inputs are the same stream, stdin perhaps, and it can be read for one of them; \
                           give the others as files, or a secret as a variable";
            return Err(Failure::error("usage", &message));
        }
    }
    Ok(())
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::WhiteSpace => Self::error(
                "secret",
                &"there is white space around the secret: remove it, or give --secret-form verbatim where it \
                  belongs to the secret",
            ),
            error => Self::error("secret", &error),
        }
    }
}
