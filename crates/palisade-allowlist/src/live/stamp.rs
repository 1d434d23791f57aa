//! What tells that a file changed.

use std::fs::Metadata;
use std::time::{Duration, SystemTime};

/// How coarse the times of a file may be. FAT counts two seconds; others are finer.
const TICK: Duration = Duration::from_secs(2);

/// What the file system says about a file. Two stamps of a file differ if it was written in between, unless both
/// writes fell into one tick of its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    identity: Identity,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            identity: Identity::of(metadata),
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Whether the content is the same, as far as one file that stayed open can tell. Only the content counts: to
    /// rename another file over this one is no change of it.
    pub(super) fn same_content(&self, other: &Self) -> bool {
        (self.len, self.modified) == (other.len, other.modified)
    }

    /// Whether every write from `now` on gives the file another stamp.
    ///
    /// A file that was written in the tick that is still going on may be written again in that same tick, to the
    /// same length, and look as it did. The same goes for a file from the future, and for one without a time.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        let written = self.modified.max(self.identity.changed());
        written.is_some_and(|at| now.duration_since(at).is_ok_and(|quiet| quiet > TICK))
    }
}

/// Which file it is, and when anything about it changed. Unlike the time of its last write, nobody can set that.
#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    seconds: i64,
    nanoseconds: i64,
}

#[cfg(unix)]
impl Identity {
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            seconds: metadata.ctime(),
            nanoseconds: metadata.ctime_nsec(),
        }
    }

    fn changed(&self) -> Option<SystemTime> {
        let seconds = Duration::from_secs(self.seconds.try_into().ok()?);
        let nanoseconds = Duration::from_nanos(self.nanoseconds.try_into().ok()?);
        SystemTime::UNIX_EPOCH.checked_add(seconds.checked_add(nanoseconds)?)
    }
}

#[cfg(not(unix))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity;

#[cfg(not(unix))]
impl Identity {
    fn of(_: &Metadata) -> Self {
        Self
    }

    #[allow(clippy::unused_self, reason = "elsewhere it is used")]
    fn changed(&self) -> Option<SystemTime> {
        None
    }
}
