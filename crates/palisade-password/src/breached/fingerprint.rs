//! What a filter keeps of a key, and how it lies in the array.

/// How many bits a filter keeps of a key, which decides how often it is wrong about a good password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fingerprint {
    /// About 9 bits of file and memory a password. One good password in 256 is refused.
    Bits8,
    /// About 18 bits a password. One good password in 65,536 is refused.
    Bits16,
}

impl Fingerprint {
    pub(super) fn bits(self) -> u8 {
        match self {
            Self::Bits8 => 8,
            Self::Bits16 => 16,
        }
    }

    pub(super) fn from_bits(bits: u8) -> Option<Self> {
        [Self::Bits8, Self::Bits16].into_iter().find(|fingerprint| fingerprint.bits() == bits)
    }

    pub(super) fn bytes(self) -> usize {
        usize::from(self.bits() / 8)
    }

    pub(super) fn of(self, hash: u64) -> u16 {
        let [.., high, low] = (hash ^ (hash >> 32)).to_be_bytes();
        match self {
            Self::Bits8 => u16::from(low),
            Self::Bits16 => u16::from_be_bytes([high, low]),
        }
    }

    pub(super) fn read(self, slots: &[u8], slot: u32) -> u16 {
        let at = slot as usize;
        match self {
            Self::Bits8 => u16::from(slots[at]),
            Self::Bits16 => u16::from_le_bytes([slots[2 * at], slots[2 * at + 1]]),
        }
    }

    pub(super) fn write(self, slots: &mut [u8], slot: u32, value: u16) {
        let at = slot as usize * self.bytes();
        slots[at..at + self.bytes()].copy_from_slice(&value.to_le_bytes()[..self.bytes()]);
    }
}
