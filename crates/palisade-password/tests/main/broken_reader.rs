use std::io::{self, BufReader, Read};

/// A list that breaks off after this text.
pub(crate) fn breaks_off_after(text: &str) -> BufReader<impl Read> {
    BufReader::new(text.as_bytes().chain(Broken))
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}
