//! A file, read as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use super::ReloadError;
use super::stamp::Stamp;
use crate::{Allowlist, BuildError, Builder, Report};

/// The file as it was read last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) stamp: Stamp,
    pub(super) is_settled: bool,
}

pub(super) fn read(
    path: &Path,
    rules: Builder,
    now: SystemTime,
) -> Result<(Allowlist, Report, Seen), ReloadError> {
    // To open a device may do something, such as rewind a tape.
    if !fs::metadata(path)?.is_file() {
        return Err(ReloadError::NotAFile);
    }
    let mut file = open_regular(path)?;
    let stamp = Stamp::of(&file.metadata()?);
    let seen = Seen { stamp, is_settled: stamp.is_settled(now) };
    if stamp.len() == 0 {
        return Err(ReloadError::Blank);
    }
    let list = build(&file, stamp.len(), rules);
    let ends_line = ends_line(&mut file);
    if !Stamp::of(&file.metadata()?).same_content(&stamp) {
        return Err(ReloadError::Changed);
    }
    if !ends_line? {
        return Err(ReloadError::Unfinished);
    }
    let (list, report) = list?;
    Ok((list, report, seen))
}

/// Opens a file that may have become something else since somebody looked. Only what is open stays what it is.
fn open_regular(path: &Path) -> Result<File, ReloadError> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // To open a pipe would wait for who writes to it, perhaps for ever. To regular files it makes no difference.
        options.custom_flags(libc::O_NONBLOCK);
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(ReloadError::NotAFile) }
}

/// Reads `len` bytes at most, as many as there were at the beginning: who appends without end does not keep us.
fn build(source: impl Read, len: u64, rules: Builder) -> Result<(Allowlist, Report), BuildError> {
    rules.extend_lines(BufReader::new(source.take(len)))?.build()
}

fn ends_line(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without the limit, the empty lines that follow would be too many.
    #[test]
    fn what_is_appended_meanwhile_is_not_read() {
        let text = b"192.0.2.1\n192.0.2.2\n";
        let endless = text.chain(io::repeat(b'\n'));
        let rules = Allowlist::builder().max_lines(1_000);
        let (list, _) = build(endless, text.len() as u64, rules).unwrap();
        assert_eq!(list.len(), 2);
    }

    /// It was a file when somebody looked. If this waited for who writes to the pipe, it would wait for ever.
    #[cfg(unix)]
    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert!(matches!(open_regular(&pipe), Err(ReloadError::NotAFile)));
        assert!(matches!(open_regular(folder.path()), Err(ReloadError::NotAFile)));
    }
}
