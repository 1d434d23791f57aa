//! A filter of breached passwords, in a file and in memory.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use super::fingerprint::Fingerprint;
use super::fuse;
use super::header::Header;
use super::sha1::PasswordSha1;
use crate::Password;

/// Millions of breached passwords in about a byte each, without network.
///
/// It says of every password it was made of that it is probably breached, and with the small
/// probability that [`Fingerprint`] names it says so of another. A [`FilterBuilder`] makes one of a
/// list. Clones share the memory.
///
/// A file is not trusted: one that is cut off, changed or made to harm is an error, and no more memory
/// is taken than the file is long. The checksum finds accidents; whoever can write the file decides
/// what it contains.
///
/// [`FilterBuilder`]: crate::FilterBuilder
///
/// # Examples
///
/// ```no_run
/// use palisade_password::{BreachedFilter, Normalization, PasswordPolicy};
///
/// let filter = BreachedFilter::open("breached.filter")?;
/// let policy = PasswordPolicy::single_factor(Normalization::Nfc).breached(filter).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BreachedFilter {
    header: Header,
    /// The whole file.
    bytes: Arc<Vec<u8>>,
}

impl BreachedFilter {
    /// Reads a filter from a file.
    ///
    /// # Errors
    ///
    /// [`FilterError::Read`] where it cannot be read, and the other variants where it is no whole filter.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FilterError> {
        let mut file = File::open(path)?;
        let len = file.metadata()?.len();
        let mut start = [0; Header::BYTES];
        file.read_exact(&mut start).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => FilterError::NotAFilter,
            _ => FilterError::Read(error),
        })?;
        // Before the rest is read: a large file that is no filter costs nothing.
        let header = Header::parse(&start)?;
        check_length(header, len)?;
        let mut bytes = Vec::new();
        let whole = usize::try_from(len).map_err(|_| FilterError::TooLarge)?;
        bytes.try_reserve_exact(whole).map_err(|_| FilterError::TooLarge)?;
        bytes.extend(start);
        file.take(len - start.len() as u64).read_to_end(&mut bytes)?;
        Self::from_bytes(bytes)
    }

    /// Takes the bytes of a file.
    ///
    /// # Errors
    ///
    /// Every variant of [`FilterError`] but [`Read`](FilterError::Read) and
    /// [`TooLarge`](FilterError::TooLarge).
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, FilterError> {
        let header = Header::parse(&bytes)?;
        check_length(header, bytes.len() as u64)?;
        let (content, checksum) = bytes
            .split_last_chunk::<{ Header::CHECKSUM_BYTES }>()
            .ok_or(FilterError::NotAFilter)?;
        if crc32fast::hash(content) != u32::from_le_bytes(*checksum) {
            return Err(FilterError::Checksum);
        }
        Ok(Self { header, bytes: Arc::new(bytes) })
    }

    /// Puts a file together of fingerprints that fit the header.
    pub(super) fn from_parts(header: Header, fingerprints: &[u8]) -> Self {
        let mut bytes =
            Vec::with_capacity(Header::BYTES + fingerprints.len() + Header::CHECKSUM_BYTES);
        bytes.extend(header.to_bytes());
        bytes.extend(fingerprints);
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        Self { header, bytes: Arc::new(bytes) }
    }

    /// Whether this password is among those that the filter was made of. It is taken as typed, without
    /// normalisation, as in the lists.
    pub fn look_up(&self, password: &Password) -> FilterStanding {
        let hash = fuse::mix(PasswordSha1::of_password(password).key(), self.header.seed);
        let Header { shape, fingerprint, .. } = self.header;
        if fuse::contains(shape, fingerprint, &self.bytes[Header::BYTES..], hash) {
            FilterStanding::ProbablyBreached
        } else {
            FilterStanding::NotFound
        }
    }

    /// Of how many passwords the filter was made.
    #[must_use]
    pub fn passwords(&self) -> u64 {
        self.header.keys
    }

    /// How many bits it keeps of each.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.header.fingerprint
    }

    /// The bytes of the file, as [`from_bytes`](Self::from_bytes) takes them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes the file, in place of one that is there: whole or not at all, even if the machine stops
    /// in between. Until then it lies in the same folder under another name.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut draft = draft_in(folder)?;
        draft.write_all(&self.bytes)?;
        draft.as_file().sync_all()?;
        draft.persist(path).map_err(|failed| failed.error)?;
        sync_folder(folder)
    }
}

impl fmt::Debug for BreachedFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BreachedFilter({} passwords)", self.passwords())
    }
}

fn check_length(header: Header, got: u64) -> Result<(), FilterError> {
    let expected = header.file_len();
    if got == expected { Ok(()) } else { Err(FilterError::Length { expected, got }) }
}

fn draft_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut draft = tempfile::Builder::new();
    draft.prefix(".breached-filter-");
    // A draft is the owner's alone by default, and a filter is no secret: leave it to the umask.
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    draft.tempfile_in(folder)
}

/// The name is in the folder, which has to reach the disk too.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// What a filter says of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum FilterStanding {
    /// It is among the breached ones, unless this is the one in 256 or 65,536 that looks as if.
    ProbablyBreached,
    /// It is certainly not among those that the filter was made of.
    NotFound,
}

/// Why a filter could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// It does not begin as a filter does.
    #[error("this is no filter of breached passwords; make one with `FilterBuilder`")]
    NotAFilter,
    /// It is of a version that this crate does not know.
    #[error("the filter has the format version {found}, and only 1 can be read; build it anew")]
    Version {
        /// Its version.
        found: u8,
    },
    /// What its header says cannot be.
    #[error("the header of the filter is damaged; build it anew, or fetch it again")]
    Header,
    /// It is shorter or longer than its header says.
    #[error("the filter has {got} bytes in place of {expected}; fetch it again")]
    Length {
        /// How long it should be, in bytes.
        expected: u64,
        /// How long it is, in bytes.
        got: u64,
    },
    /// Something in it was changed.
    #[error("the checksum of the filter does not fit; fetch it again")]
    Checksum,
    /// There is not enough memory for it.
    #[error("there is not enough memory for the filter; it needs as much as the file is long")]
    TooLarge,
    /// The file could not be read.
    #[error("the filter could not be read: {0}")]
    Read(#[from] io::Error),
}
