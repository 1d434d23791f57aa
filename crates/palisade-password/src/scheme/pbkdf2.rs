//! PBKDF2 (RFC 8018) over HMAC: passlib's, Django's, and PHC strings.

use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::Scheme;
use crate::encoding::Encoding;
use crate::error::{Cost, Flaw, TooCostly};
use crate::fields::{named, number, split};
use crate::inline::Inline;
use crate::limits::{Limits, at_most};

/// What a stored PBKDF2 hash says beside its digest.
#[derive(Clone)]
pub(crate) struct Settings<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) iterations: u32,
    salt: Salt<'a>,
    /// The length of the digest, where the form names it or fixes it.
    digest_len: Option<usize>,
    encoding: Encoding,
}

#[derive(Clone)]
enum Salt<'a> {
    Bytes(Inline<64>),
    /// Django hashes the characters themselves.
    Text(&'a str),
}

/// `$pbkdf2-sha256$29000$<salt>$` of passlib, or `$pbkdf2-sha256$i=600000,l=32$<salt>$`, a PHC string.
pub(crate) fn parse(head: &str, scheme: Scheme) -> Result<Settings<'_>, Flaw> {
    let ["", _name, params, salt, ""] = split(head)? else {
        return Err(Flaw::Fields);
    };
    let settings = |iterations, digest_len, encoding: Encoding| {
        let salt = Salt::Bytes(encoding.decode(salt).ok_or(Flaw::Salt)?);
        Settings { scheme, iterations, salt, digest_len, encoding }.checked()
    };
    if params.starts_with("i=") {
        let mut params = params.split(',');
        let iterations = named(params.next(), "i")?;
        let len = params.next().map(|param| named(Some(param), "l")).transpose()?;
        let len = len.map(usize::try_from).transpose().map_err(|_| Flaw::Parameter)?;
        if params.next().is_some() {
            return Err(Flaw::Fields);
        }
        return settings(iterations, len, Encoding::Phc);
    }
    settings(number(params)?, Some(output_bytes(scheme)), Encoding::Dotted)
}

/// Django: `pbkdf2_sha256$390000$<salt>$`.
pub(crate) fn parse_django(head: &str, scheme: Scheme) -> Result<Settings<'_>, Flaw> {
    let [_name, iterations, salt, ""] = split(head)? else {
        return Err(Flaw::Fields);
    };
    if salt.is_empty() || salt.len() > 128 || !salt.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Flaw::Salt);
    }
    let (salt, digest_len) = (Salt::Text(salt), Some(output_bytes(scheme)));
    let iterations = number(iterations)?;
    Settings { scheme, iterations, salt, digest_len, encoding: Encoding::Padded }.checked()
}

/// Bytes of one block of output.
fn output_bytes(scheme: Scheme) -> usize {
    match scheme {
        Scheme::Pbkdf2Sha1 => 20,
        Scheme::Pbkdf2Sha256 => 32,
        _ => 64,
    }
}

impl Settings<'_> {
    fn checked(self) -> Result<Self, Flaw> {
        if self.iterations == 0 { Err(Flaw::Parameter) } else { Ok(self) }
    }

    /// Bytes of one block of output.
    pub(crate) fn block_bytes(&self) -> usize {
        output_bytes(self.scheme)
    }

    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// 10 to 64 bytes are what PHC strings may hold; 16 is the least that is worth comparing.
    pub(crate) fn allows_digest_of(&self, len: usize) -> bool {
        self.digest_len.map_or((16..=64).contains(&len), |fixed| fixed == len)
    }

    pub(crate) fn check(&self, digest_len: usize, limits: &Limits) -> Result<(), TooCostly> {
        let blocks = digest_len.div_ceil(output_bytes(self.scheme)) as u64;
        let iterations = u64::from(self.iterations).saturating_mul(blocks);
        at_most(Cost::Iterations, iterations, limits.pbkdf2_iterations)
    }

    pub(crate) fn compute(&self, password: &[u8], out: &mut [u8]) {
        let salt = match &self.salt {
            Salt::Bytes(bytes) => bytes.as_slice(),
            Salt::Text(text) => text.as_bytes(),
        };
        match self.scheme {
            Scheme::Pbkdf2Sha1 => pbkdf2_hmac::<Sha1>(password, salt, self.iterations, out),
            Scheme::Pbkdf2Sha256 => pbkdf2_hmac::<Sha256>(password, salt, self.iterations, out),
            _ => pbkdf2_hmac::<Sha512>(password, salt, self.iterations, out),
        }
    }
}
