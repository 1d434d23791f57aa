//! Fuzz targets for Palisade: one function each, named `<crate>_<operation>`.
//!
//! A target takes any bytes and asserts what must hold for all of them. The same functions run
//! under libFuzzer (`cargo xtask fuzz`) and, over the seeds and their neighbours, in the ordinary
//! test run (`tests/replay.rs`).

mod allowlist;
mod allowlist_text;
mod apikey;
mod canary;
mod password;
mod ratelimit;
mod secret;
mod session_cookie;
mod session_tokens;
mod webhook;
mod webhook_keys;
mod webhook_message;

pub use allowlist::allowlist_client_ip;
pub use allowlist_text::{allowlist_lines, allowlist_network};
pub use apikey::{apikey_digest, apikey_parse, apikey_scopes};
pub use password::{password_filter, password_parse, password_range, password_verify};
pub use ratelimit::{ratelimit_quota, ratelimit_schedule};
pub use secret::{secret_keyring, secret_load};
pub use session_cookie::{session_cookie_read, session_set_cookie};
pub use session_tokens::{session_epoch_id, session_token_verify};
pub use webhook::{webhook_sign_verify, webhook_verify};
pub use webhook_keys::webhook_secret;
pub use webhook_message::webhook_message;

use std::ffi::OsString;
use std::io;

/// A target: it returns when its properties hold for the bytes, and panics when they do not.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("allowlist_client_ip", allowlist_client_ip),
    ("allowlist_lines", allowlist_lines),
    ("allowlist_network", allowlist_network),
    ("apikey_digest", apikey_digest),
    ("apikey_parse", apikey_parse),
    ("apikey_scopes", apikey_scopes),
    ("password_filter", password_filter),
    ("password_parse", password_parse),
    ("password_range", password_range),
    ("password_verify", password_verify),
    ("ratelimit_quota", ratelimit_quota),
    ("ratelimit_schedule", ratelimit_schedule),
    ("secret_keyring", secret_keyring),
    ("secret_load", secret_load),
    ("session_cookie_read", session_cookie_read),
    ("session_set_cookie", session_set_cookie),
    ("session_epoch_id", session_epoch_id),
    ("session_token_verify", session_token_verify),
    ("webhook_message", webhook_message),
    ("webhook_secret", webhook_secret),
    ("webhook_sign_verify", webhook_sign_verify),
    ("webhook_verify", webhook_verify),
];

/// Runs a target over the files that are named: how a crash is replayed without libFuzzer.
///
/// # Errors
///
/// The first file that cannot be read.
pub fn replay(target: Target, files: impl Iterator<Item = OsString>) -> io::Result<()> {
    for file in files {
        target(&std::fs::read(&file)?);
        println!("ok: {}", file.display());
    }
    Ok(())
}
