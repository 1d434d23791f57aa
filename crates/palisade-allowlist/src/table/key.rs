//! An address, or the upper part of one, as a number.

use crate::Network;

/// A number whose bits are an address from the left.
pub(crate) trait Key: Copy + Ord {
    /// The lowest and the highest address.
    const ZERO: Self;
    const MAX: Self;
    /// How many bits it has.
    const BITS: u8;

    /// The address with only its first `len` bits kept.
    fn masked(self, len: u8) -> Self;
    /// The highest address that has the same first `len` bits.
    fn last_of(self, len: u8) -> Self;
    /// The address below; the lowest one stays.
    fn below(self) -> Self;
    /// The address above, where there is one.
    fn above(self) -> Option<Self>;
    /// The first 64 bits, padded with zeros where it has fewer.
    fn top(self) -> u64;
}

macro_rules! key {
    ($type:ty, $top:expr) => {
        impl Key for $type {
            const ZERO: Self = 0;
            const MAX: Self = <$type>::MAX;
            #[allow(clippy::cast_possible_truncation, reason = "at most 128")]
            const BITS: u8 = <$type>::BITS as u8;

            #[inline]
            fn masked(self, len: u8) -> Self {
                self & !Self::MAX.checked_shr(u32::from(len)).unwrap_or(0)
            }

            #[inline]
            fn last_of(self, len: u8) -> Self {
                self | Self::MAX.checked_shr(u32::from(len)).unwrap_or(0)
            }

            #[inline]
            fn below(self) -> Self {
                self.saturating_sub(1)
            }

            #[inline]
            fn above(self) -> Option<Self> {
                self.checked_add(1)
            }

            #[inline]
            fn top(self) -> u64 {
                $top(self)
            }
        }
    };
}

key!(u32, |key| u64::from(key) << 32);
key!(u64, |key| key);
key!(u128, top_of_u128);

#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the upper half has 64 bits")]
fn top_of_u128(key: u128) -> u64 {
    (key >> 64) as u64
}

/// A whole address.
pub(crate) trait Address: Key {
    /// The network of the first `len` bits.
    fn network(self, len: u8) -> Network;
}

impl Address for u32 {
    #[inline]
    fn network(self, len: u8) -> Network {
        Network::masked_v4(self, len)
    }
}

impl Address for u128 {
    #[inline]
    fn network(self, len: u8) -> Network {
        Network::masked_v6(self, len)
    }
}
