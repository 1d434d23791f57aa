//! The three parts of a compact token.

use crate::TokenRefused;

/// The longest token, in bytes. A browser keeps no cookie over 4096 bytes, and nothing longer is worth
/// a look.
pub(crate) const MAX_TOKEN_LEN: usize = 4096;

/// A token cut at its dots; nothing more is known of it.
pub(super) struct Parts<'t> {
    pub(super) header: &'t str,
    pub(super) payload: &'t str,
    pub(super) signature: &'t str,
    /// Header and payload with the dot between them: what is signed (RFC 7515 section 5.1).
    pub(super) signed: &'t str,
}

impl<'t> Parts<'t> {
    pub(super) fn split(token: &'t str) -> Result<Self, TokenRefused> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(TokenRefused::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenRefused::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenRefused::Malformed)?;
        if payload.contains('.') {
            return Err(TokenRefused::Malformed);
        }
        Ok(Self { header, payload, signature, signed })
    }
}
