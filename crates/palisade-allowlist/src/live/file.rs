//! A list that follows a file.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::read::{Seen, read};
use super::stamp::Stamp;
use super::{Live, Loaded, ReloadError};
use crate::{Allowlist, Builder, Report};

/// A list that follows a file in the [text format](Builder::extend_lines).
///
/// Nothing happens by itself: call [`refresh`](Self::refresh) on a timer, every few seconds, and
/// [`reload`](Self::reload) when somebody asks for it, as by `SIGHUP`. Both read a file and may take a second for a
/// million lines, so an asynchronous service calls them where blocking is allowed. [`load`](Self::load) does not wait
/// for them.
///
/// Whatever goes wrong, the list in use stays.
///
/// # Replacing the file
///
/// Write a new file beside it and rename that over it; then every list that is read is whole. A file that is written
/// in place can be read half-written. What can be told of that is refused: a file that changes meanwhile, one
/// without a byte, and one whose last line has no line feed at its end. What cannot be told is mended by the next
/// refresh, since a file that was written within the last two seconds is read once more. (So is one whose time lies in
/// the future, at each refresh.)
///
/// # A file without entries
///
/// With `rules` that say [`EmptyList::AllowsEveryone`](crate::EmptyList::AllowsEveryone), a file of which only the
/// comments at the top were written so far would let everyone in. So such a list never takes the place of one with
/// entries. It is taken when the file is opened, if nothing was written for two seconds. To let everyone in later,
/// list `0.0.0.0/0` and `::/0`.
///
/// # Examples
///
/// ```
/// use palisade_allowlist::{Allowlist, LiveFile, Reload};
/// use std::time::SystemTime;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("allow.txt");
/// std::fs::write(&path, "203.0.113.0/24 Office\n")?;
/// let rules = Allowlist::builder().refuse_broader_than(8, 32);
/// let (live, report) = LiveFile::open(&path, rules, SystemTime::now())?;
/// assert_eq!(report.entries(), 1);
///
/// # let beside = folder.path().join("new.txt");
/// std::fs::write(&beside, "203.0.113.0/24 Office\n2001:db8::/48 Office\n")?;
/// std::fs::rename(&beside, &path)?;
/// match live.refresh(SystemTime::now()) {
///     Ok(Reload::Unchanged | Reload::Same { .. }) => {}
///     Ok(Reload::Swapped { before, after, .. }) => println!("{} -> {}", before.len(), after.len()),
///     Err(error) => eprintln!("the old list stays: {error}"),
/// }
/// assert!(live.load().contains("2001:db8::1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LiveFile {
    path: PathBuf,
    rules: Builder,
    live: Live,
    /// Held from the look at the file to the swap, so that no older list is put over a newer one.
    seen: Mutex<Seen>,
}

/// What became of the list.
#[derive(Debug, Clone)]
pub enum Reload {
    /// The file did not change, and was not read.
    Unchanged,
    /// The file was read and has the entries of the list in use, which stays.
    Same {
        /// What was noticed about the file. That may differ: an entry may be there twice now.
        report: Report,
    },
    /// Another list is in use.
    Swapped {
        /// The list that was in use before.
        before: Allowlist,
        /// The list in use from now on.
        after: Allowlist,
        /// What was noticed about it.
        report: Report,
    },
}

impl LiveFile {
    /// Reads the file for the first time.
    ///
    /// Each time the file is read, its entries are added to those of `rules`, which are usually none, and `rules`
    /// decides what is refused. `now` is the time of the clock that files are stamped with.
    ///
    /// # Errors
    ///
    /// [`ReloadError`]: there is no list then.
    pub fn open(
        path: impl Into<PathBuf>,
        rules: Builder,
        now: SystemTime,
    ) -> Result<(Self, Report), ReloadError> {
        let path = path.into();
        let (list, report, seen) = read(&path, rules.clone(), now)?;
        if list.allows_everyone() && !seen.is_settled {
            return Err(ReloadError::OpensToEveryone);
        }
        Ok((Self { path, rules, live: Live::new(list), seen: Mutex::new(seen) }, report))
    }

    /// The list in use now, for one request; see [`Live::load`].
    #[inline]
    pub fn load(&self) -> Loaded {
        self.live.load()
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file if it changed, and puts its list into use.
    ///
    /// # Errors
    ///
    /// [`ReloadError`]: the list in use stays, and the next call tries again.
    pub fn refresh(&self, now: SystemTime) -> Result<Reload, ReloadError> {
        self.read_unless(now, |seen, stamp| seen.is_settled && seen.stamp == stamp)
    }

    /// Reads the file, whether it changed or not, and puts its list into use.
    ///
    /// # Errors
    ///
    /// As for [`refresh`](Self::refresh).
    pub fn reload(&self, now: SystemTime) -> Result<Reload, ReloadError> {
        self.read_unless(now, |_, _| false)
    }

    fn read_unless(
        &self,
        now: SystemTime,
        is_known: impl FnOnce(&Seen, Stamp) -> bool,
    ) -> Result<Reload, ReloadError> {
        // Nothing is left half-done under this lock, so a panic elsewhere does not spoil it.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if is_known(&seen, Stamp::of(&fs::metadata(&self.path)?)) {
            return Ok(Reload::Unchanged);
        }
        let (after, report, now_seen) = read(&self.path, self.rules.clone(), now)?;
        let before = self.load();
        if after.allows_everyone() && !before.is_empty() {
            return Err(ReloadError::OpensToEveryone);
        }
        *seen = now_seen;
        if *before == after {
            return Ok(Reload::Same { report });
        }
        let before = self.live.swap(after.clone());
        Ok(Reload::Swapped { before, after, report })
    }
}

impl fmt::Debug for LiveFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveFile")
            .field("path", &self.path)
            .field("live", &self.live)
            .finish_non_exhaustive()
    }
}
