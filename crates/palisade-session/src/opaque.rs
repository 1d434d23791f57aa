//! Session tokens that mean nothing by themselves: `<id>.<secret>`.

use palisade_secret::{NoRandomness, SecretBytes};
use zeroize::Zeroizing;

use crate::{SecretDigest, SessionId, SessionToken, TokenRefused};

/// 256 bits in base64url.
const SECRET_LEN: usize = 43;
const TOKEN_LEN: usize = SessionId::GENERATED_LEN + 1 + SECRET_LEN;

/// A new token of this session, and what is stored of it.
pub(crate) fn mint(id: &SessionId) -> Result<(SessionToken, SecretDigest), NoRandomness> {
    let secret = SecretBytes::generate(32)?.expose_base64url();
    let mut token = Zeroizing::new(String::with_capacity(TOKEN_LEN));
    token.push_str(id.as_str());
    token.push('.');
    token.push_str(&secret);
    Ok((SessionToken::new(token), SecretDigest::of(&secret)))
}

/// The id and the digest of the secret, of a token that was presented.
pub(crate) fn parse(token: &str) -> Result<(SessionId, SecretDigest), TokenRefused> {
    if token.len() > TOKEN_LEN {
        return Err(TokenRefused::TooLong);
    }
    let (id, secret) = token.split_once('.').ok_or(TokenRefused::Malformed)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if id.len() != SessionId::GENERATED_LEN
        || secret.len() != SECRET_LEN
        || !secret.bytes().all(allowed)
    {
        return Err(TokenRefused::Malformed);
    }
    let id = id.parse().map_err(|_| TokenRefused::Malformed)?;
    // The text is hashed as it came, undecoded: a second spelling of the same bytes is another secret.
    Ok((id, SecretDigest::of(secret)))
}
