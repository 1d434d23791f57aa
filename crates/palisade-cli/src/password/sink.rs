//! Where the hashes of `wrap` go.

use std::fs::File;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::output::Failure;

/// Stdout, or a file that takes the place of another once it is whole.
pub(crate) enum Sink {
    Stdout(BufWriter<Stdout>),
    File { draft: BufWriter<NamedTempFile>, path: PathBuf },
}

impl Sink {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Stdout(BufWriter::new(io::stdout()))) };
        // What a link points to is replaced, and not the link.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if path.metadata().is_ok_and(|about| !about.is_file()) {
            let message = "what is given with --output is no file; leave it out to write to stdout";
            return Err(Failure::error("output", &message));
        }
        // In the same folder, or it could not be renamed; the owner's alone.
        let draft = tempfile::Builder::new().prefix(".palisade-wrap-").tempfile_in(folder(&path));
        let draft = BufWriter::new(draft.map_err(|error| failed(&error))?);
        Ok(Self::File { draft, path })
    }

    pub(crate) fn write(&mut self, parts: [&[u8]; 3]) -> Result<(), Failure> {
        let writer: &mut dyn Write = match self {
            Self::Stdout(stdout) => stdout,
            Self::File { draft, .. } => draft,
        };
        parts
            .into_iter()
            .try_for_each(|part| writer.write_all(part))
            .map_err(|error| failed(&error))
    }

    /// Puts the file in its place. Dropped without this, it was never there.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush(),
            Self::File { draft, path } => draft
                .into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(|draft| replace(draft, &path)),
        }
        .map_err(|error| failed(&error))
    }
}

/// On the disk before it has the name, so that no crash leaves half a file under it.
fn replace(draft: NamedTempFile, path: &Path) -> io::Result<()> {
    draft.as_file().sync_all()?;
    draft.persist(path)?;
    if cfg!(unix) { File::open(folder(path))?.sync_all() } else { Ok(()) }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

/// Of the error only its kind is told: the rest may name the path, which may be a hash given by mistake.
fn failed(error: &io::Error) -> Failure {
    Failure::error("output", &format!("the hashes cannot be written: {}", error.kind()))
}
