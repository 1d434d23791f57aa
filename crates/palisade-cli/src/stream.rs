//! Streams of bytes that are given as a path, with `-` for stdin.

use std::fs::File;
#[cfg(unix)]
use std::fs::Metadata;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use indicatif::ProgressBar;

use crate::progress;

/// A file of this size or more takes long enough to show a bar.
const LARGE: u64 = 1 << 20;

/// A file, or stdin. Its path is not repeated in errors: it may hold anything.
#[derive(Clone, Copy)]
pub(crate) struct Stream<'a>(pub(crate) &'a Path);

impl Stream<'_> {
    pub(crate) fn stdin() -> Stream<'static> {
        Stream(Path::new("-"))
    }

    pub(crate) fn is_stdin(self) -> bool {
        self.0 == Path::new("-")
    }

    /// Whether both are one pipe or terminal, by whatever names. It gives its bytes once, so whoever reads second
    /// gets none, or some of them.
    pub(crate) fn is_one_with(self, other: Stream<'_>) -> bool {
        (self.is_stdin() && other.is_stdin()) || self.is_same(other)
    }

    #[cfg(unix)]
    fn is_same(self, other: Stream<'_>) -> bool {
        use std::os::unix::fs::MetadataExt;

        let (Ok(one), Ok(two)) = (self.metadata(), other.metadata()) else { return false };
        (one.dev(), one.ino()) == (two.dev(), two.ino()) && !one.is_file() && !one.is_dir()
    }

    #[cfg(not(unix))]
    #[allow(clippy::unused_self, reason = "elsewhere it is used")]
    fn is_same(self, _: Stream<'_>) -> bool {
        false
    }

    #[cfg(unix)]
    fn metadata(self) -> io::Result<Metadata> {
        use std::os::fd::AsFd;

        if self.is_stdin() {
            File::from(io::stdin().as_fd().try_clone_to_owned()?).metadata()
        } else {
            std::fs::metadata(self.0)
        }
    }

    /// Opens it, with a bar for whoever watches and nothing beside JSON. At a terminal `prompt` is shown.
    pub(crate) fn open(self, prompt: &str, json: bool) -> io::Result<(ProgressBar, Box<dyn Read>)> {
        if self.is_stdin() {
            if io::stdin().is_terminal() {
                // Whoever sees none of it will still type.
                let _ = writeln!(io::stderr(), "{prompt}");
                return Ok((ProgressBar::hidden(), Box::new(io::stdin())));
            }
            let bar = progress::bar(None, "{spinner} {bytes} of stdin", json);
            return Ok((bar, Box::new(io::stdin())));
        }
        let file = File::open(self.0)?;
        let len = file.metadata()?.len();
        let bar = if len < LARGE {
            ProgressBar::hidden()
        } else {
            progress::bar(Some(len), "{bar:30} {bytes} of {total_bytes}, {eta} left", json)
        };
        Ok((bar, Box::new(file)))
    }
}
