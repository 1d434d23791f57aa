//! Reading a password or one stored hash. No error repeats any of it, nor the name of a variable: a
//! short password in capitals is one.

use std::io::{self, IsTerminal};

use palisade::password::Password;
use zeroize::Zeroizing;

use crate::args::{PasswordSource, VariableName, VerifyPasswordArgs};
use crate::input;
use crate::output::Failure;

/// A line break after the longest password is still read.
const MOST: usize = Password::MAX_BYTES + "\r\n".len();

/// What to do at a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The password is known already.
    Once,
    /// It is a new one: a typing error would lock its owner out.
    Twice,
}

/// Reads the password from where it is said to be, without the one line break that ends it.
///
/// All else is kept: white space is as good as any other character.
pub(crate) fn password(source: &PasswordSource, ask: Ask) -> Result<Password, Failure> {
    let bytes = match (&source.file, &source.env) {
        (Some(path), _) => input::read_file_up_to(path, "--file", MOST)?,
        (None, Some(name)) => variable(name, "--env")?,
        (None, None) if io::stdin().is_terminal() => return prompted(ask),
        (None, None) => stdin(MOST)?,
    };
    to_password(bytes)
}

/// Reads the password as [`password`] does, or from the terminal where stdin is taken.
pub(crate) fn password_beside_stdin(source: &PasswordSource) -> Result<Password, Failure> {
    match source {
        PasswordSource { file: None, env: None } => prompted(Ask::Once),
        given => password(given, Ask::Once),
    }
}

/// Reads the stored hash of `verify`.
pub(crate) fn stored_hash(args: &VerifyPasswordArgs) -> Result<String, Failure> {
    let bytes = match (&args.hash_file, &args.hash_env) {
        (Some(path), _) => input::read_file(path, "--hash-file")?,
        (None, Some(name)) => variable(name, "--hash-env")?,
        (None, None) => stdin(input::MAX_INPUT)?,
    };
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::error("hash_encoding", &"the stored hash is not UTF-8"))?;
    match input::without_line_end(text) {
        "" => Err(Failure::error("hash_empty", &"there is no stored hash: the text is empty")),
        hash => Ok(hash.to_owned()),
    }
}

fn variable(name: &VariableName, option: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    std::env::var_os(name.as_str())
        .map(|value| Zeroizing::new(value.into_encoded_bytes()))
        .ok_or_else(|| {
            let message = format!("the variable whose name is given with {option} is not set");
            Failure::error("input", &message)
        })
}

fn stdin(most: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    input::read_bounded(io::stdin().lock(), most)
        .map_err(|error| Failure::error("input", &format!("stdin cannot be read: {error}")))
}

fn prompted(ask: Ask) -> Result<Password, Failure> {
    let prompt = |text: &str| {
        let line = rpassword::prompt_password(text).map_err(|error| {
            let message = format!(
                "there is no terminal to ask for the password ({error}); give it with --file or --env"
            );
            Failure::error("input", &message)
        })?;
        Ok::<_, Failure>(Zeroizing::new(line.into_bytes()))
    };
    let first = prompt("Password (not shown as you type): ")?;
    if ask == Ask::Twice && prompt("The same once more: ")? != first {
        let message = "the two passwords are not the same; nothing was hashed";
        return Err(Failure::error("password_repeat", &message));
    }
    to_password(first)
}

fn to_password(mut bytes: Zeroizing<Vec<u8>>) -> Result<Password, Failure> {
    let len = without_line_end(&bytes).len();
    bytes.truncate(len);
    // More than was read is not counted, so the error says no number of bytes.
    Password::from_bytes(std::mem::take(&mut *bytes)).map_err(|_| {
        let message =
            format!("the password has more than {} bytes, the most allowed", Password::MAX_BYTES);
        Failure::error("password_too_long", &message)
    })
}

/// As [`input::without_line_end`], of bytes that need not be text.
fn without_line_end(bytes: &[u8]) -> &[u8] {
    match bytes.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => bytes,
    }
}
