//! The header of a filter file: `docs/formats/breached-filter.md`.

use super::filter::FilterError;
use super::fingerprint::Fingerprint;
use super::fuse::Shape;

const MAGIC: [u8; 8] = *b"palbfuse";
const VERSION: u8 = 1;

/// What stands before the fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) fingerprint: Fingerprint,
    pub(super) shape: Shape,
    pub(super) seed: u64,
    pub(super) keys: u64,
}

impl Header {
    pub(super) const BYTES: usize = 32;
    /// The checksum after the fingerprints.
    pub(super) const CHECKSUM_BYTES: usize = 4;

    /// Reads a header and believes none of it: the shape it returns is sound, and whether the file has
    /// that many bytes, the caller checks.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, FilterError> {
        let mut rest = bytes;
        if take(&mut rest)? != MAGIC {
            return Err(FilterError::NotAFilter);
        }
        let [version, bits, segment_bits, reserved] = take(&mut rest)?;
        if version != VERSION {
            return Err(FilterError::Version { found: version });
        }
        let segments = u32::from_le_bytes(take(&mut rest)?);
        let seed = u64::from_le_bytes(take(&mut rest)?);
        let keys = u64::from_le_bytes(take(&mut rest)?);
        let fingerprint = Fingerprint::from_bits(bits).ok_or(FilterError::Header)?;
        let shape = Shape::new(segment_bits, segments).ok_or(FilterError::Header)?;
        if reserved != 0 || keys == 0 || keys > shape.slots() {
            return Err(FilterError::Header);
        }
        Ok(Self { fingerprint, shape, seed, keys })
    }

    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (magic, rest) = bytes.split_at_mut(8);
        magic.copy_from_slice(&MAGIC);
        rest[..3].copy_from_slice(&[VERSION, self.fingerprint.bits(), self.shape.segment_bits()]);
        rest[4..8].copy_from_slice(&self.shape.segments().to_le_bytes());
        rest[8..16].copy_from_slice(&self.seed.to_le_bytes());
        rest[16..].copy_from_slice(&self.keys.to_le_bytes());
        bytes
    }

    /// How long the whole file is.
    pub(super) fn file_len(self) -> u64 {
        let around = (Self::BYTES + Self::CHECKSUM_BYTES) as u64;
        around + self.shape.slots() * self.fingerprint.bytes() as u64
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], FilterError> {
    let (first, after) = rest.split_first_chunk().ok_or(FilterError::NotAFilter)?;
    *rest = after;
    Ok(*first)
}
