//! The alphabet of bodies and checksums: `0-9A-Za-z`, in that order.

use rand::TryCryptoRng;
use zeroize::Zeroizing;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Random bytes below this are spread evenly over the alphabet; 248 is the greatest multiple of 62
/// in a byte. `byte % 62` over all bytes would favour the first eight digits by a quarter.
const EVEN: u8 = 248;

/// How many random bytes are drawn at once: enough for 43 digits but once in 10^17.
const DRAW: usize = 64;

/// Whether every byte is a digit of the alphabet. Without an early exit, so that it runs in
/// vector registers.
pub(crate) fn is_base62(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |all, byte| all & byte.is_ascii_alphanumeric())
}

/// Appends `count` digits, each drawn uniformly.
pub(crate) fn push_random<R: TryCryptoRng>(
    text: &mut String,
    count: usize,
    rng: &mut R,
) -> Result<(), R::Error> {
    let mut missing = count;
    let mut drawn = Zeroizing::new([0; DRAW]);
    while missing > 0 {
        rng.try_fill_bytes(&mut drawn[..])?;
        for byte in drawn.iter().filter(|byte| **byte < EVEN).take(missing) {
            text.push(char::from(ALPHABET[usize::from(byte % 62)]));
            missing -= 1;
        }
    }
    Ok(())
}

/// `value` as exactly `N` digits, padded with `0` on the left. The value has at most `N` digits.
pub(crate) fn padded<const N: usize>(value: u32) -> [u8; N] {
    // Ten digits hold any u64, so the encoder has room whatever the value.
    let mut digits = [b'0'; 11];
    let len = base62::encode_bytes(value, &mut digits).unwrap_or(0);
    let mut padded = [b'0'; N];
    let kept = len.min(N);
    padded[N - kept..].copy_from_slice(&digits[len - kept..len]);
    padded
}
