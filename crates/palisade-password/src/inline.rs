//! A few bytes in place, so that parsing a hash allocates nothing.

use zeroize::Zeroize;

/// Up to `N` bytes. Wiped when dropped: they may be what an attacker has to find.
#[derive(Clone)]
pub(crate) struct Inline<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Inline<N> {
    pub(crate) const EMPTY: Self = Self { bytes: [0; N], len: 0 };

    /// `len` zeros; nothing when they do not fit.
    pub(crate) fn zeros(len: usize) -> Option<Self> {
        (len <= N).then_some(Self { bytes: [0; N], len })
    }

    /// A copy of these bytes; nothing when they do not fit.
    pub(crate) fn copy_of(bytes: &[u8]) -> Option<Self> {
        let mut copy = Self::zeros(bytes.len())?;
        copy.as_mut_slice().copy_from_slice(bytes);
        Some(copy)
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }
}

impl<const N: usize> Drop for Inline<N> {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}
