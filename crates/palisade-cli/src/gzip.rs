//! Lists that may be compressed with gzip.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// How a file that was compressed with gzip begins (RFC 1952 section 2.3.1).
const MAGIC: [u8; 2] = [0x1f, 0x8b];

const BUFFER: usize = 64 * 1024;

/// The text of a source, compressed or not. One that is cut off, or goes on with something else, is an error of the
/// reader.
pub(crate) fn decompressed(source: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let mut source = BufReader::with_capacity(BUFFER, source);
    // A pipe may give one byte at a time.
    let mut start = Vec::new();
    source.by_ref().take(MAGIC.len() as u64).read_to_end(&mut start)?;
    let is_gzip = start == MAGIC;
    let source = Cursor::new(start).chain(source);
    if is_gzip {
        Ok(Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(source))))
    } else {
        Ok(Box::new(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slow(&'static [u8]);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(1);
            self.0.read(&mut buffer[..most])
        }
    }

    fn read(bytes: &'static [u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        decompressed(Slow(bytes))?.read_to_end(&mut text)?;
        Ok(text)
    }

    /// `a` and a line break, compressed.
    const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff\x4b\xe4\x02\0\x07\xa1\xea\xdd\x02\0\0\0";

    #[test]
    fn a_slow_source_is_recognised() {
        assert_eq!(read(GZIP).unwrap(), b"a\n");
        for text in [&b""[..], b"a", b"ab", b"\x1f", b"\x1fa"] {
            assert_eq!(read(text).unwrap(), text);
        }
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for len in 2..GZIP.len() {
            assert!(read(&GZIP[..len]).is_err(), "{len}");
        }
    }
}
