//! Reading a token. No error repeats any of it.

use std::io::{self, IsTerminal};

use palisade::session::{SessionId, TokenRefused};
use zeroize::Zeroizing;

use crate::args::TokenSource;
use crate::input;
use crate::output::Failure;

/// The longest token, its prefix and a line break.
const MOST: usize = 4096 + "wt_\r\n".len();

/// Reads the token from where it is said to be, without the one line break that ends it.
pub(super) fn token(source: &TokenSource) -> Result<Zeroizing<String>, Failure> {
    let bytes = match (&source.file, &source.env) {
        (Some(path), _) => input::read_file_up_to(path, "--file", MOST)?,
        (None, Some(name)) => {
            let value = std::env::var_os(name.as_str()).ok_or_else(|| {
                let message = "the variable whose name is given with --env is not set";
                Failure::error("input", &message)
            })?;
            Zeroizing::new(value.into_encoded_bytes())
        }
        (None, None) => stdin()?,
    };
    if bytes.len() > MOST {
        return Err(TokenRefused::TooLong.into());
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::refused("token_encoding", "the text is not UTF-8"))?;
    let token = input::without_line_end(text);
    if token.is_empty() {
        return Err(Failure::refused("token_empty", "the text is empty"));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "a token has no white space, no control characters and only ASCII; \
                       give it alone, without `Bearer` or the name of a cookie";
        return Err(Failure::refused("token_character", message));
    }
    Ok(Zeroizing::new(token.to_owned()))
}

fn stdin() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let stdin = io::stdin();
    let read = if stdin.is_terminal() {
        rpassword::prompt_password("Token (not shown as you type or paste): ")
            .map(|line| Zeroizing::new(line.into_bytes()))
    } else {
        input::read_bounded(stdin.lock(), MOST)
    };
    read.map_err(|error| Failure::error("input", &format!("stdin cannot be read: {error}")))
}

/// The public id of an opaque session token, `<id>.<secret>`.
pub(super) fn opaque_id(token: &str) -> Option<SessionId> {
    /// 32 bytes in base64url.
    const SECRET_LEN: usize = 43;
    let (id, secret) = token.split_once('.')?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let is_secret = secret.len() == SECRET_LEN && secret.bytes().all(allowed);
    id.parse().ok().filter(|_| is_secret)
}
