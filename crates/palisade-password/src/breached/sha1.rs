//! The SHA-1 of a password, by which the lists of breached passwords know it.
//!
//! It is as secret as the password: unsalted and fast, it is guessed in no time.

use sha1::Sha1;
use sha1::digest::{FixedOutput, Update};
use zeroize::Zeroizing;

use crate::Password;

/// The SHA-1 of a password's bytes as they were typed.
pub(super) struct PasswordSha1(Zeroizing<[u8; 20]>);

impl PasswordSha1 {
    pub(super) fn of(password: &[u8]) -> Self {
        let mut hasher = Sha1::default();
        hasher.update(password);
        let mut hash = Zeroizing::new([0; 20]);
        hasher.finalize_into((&mut *hash).into());
        Self(hash)
    }

    pub(super) fn of_password(password: &Password) -> Self {
        Self::of(password.expose_secret())
    }

    /// The first 64 bits: the key of a filter.
    pub(super) fn key(&self) -> u64 {
        self.0.iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte))
    }

    /// The 40 digits, in upper case. Computed and not looked up, as the digits are secret.
    pub(super) fn hex(&self) -> Zeroizing<[u8; 40]> {
        let digit = |half: u8| b'0' + half + u8::from(half > 9) * (b'A' - b'9' - 1);
        let mut hex = Zeroizing::new([0; 40]);
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0.iter()) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        hex
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_known_password() {
        let sha1 = PasswordSha1::of(b"password");
        assert_eq!(&sha1.hex()[..], b"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8");
        assert_eq!(sha1.key(), 0x5BAA_61E4_C9B9_3F3F);
    }

    /// FIPS 180, the example of one block.
    #[test]
    fn of_the_example_of_the_standard() {
        assert_eq!(
            &PasswordSha1::of(b"abc").hex()[..],
            b"A9993E364706816ABA3E25717850C26C9CD0D89D"
        );
    }
}
