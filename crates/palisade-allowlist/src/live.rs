//! The list in use, and how it is replaced.

mod error;
mod file;
mod read;
mod stamp;

use std::ops::Deref;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

pub use error::ReloadError;
pub use file::{LiveFile, Reload};

use crate::Allowlist;

/// The list in use, which can be replaced while requests are decided.
///
/// Readers take no lock and do not wait, neither for each other nor for who replaces the list. A request sees one
/// list from its first question to its last, as long as it asks what it loaded. To share this, put it into an
/// [`Arc`].
///
/// # Examples
///
/// ```
/// use palisade_allowlist::{Allowlist, Live};
///
/// let (first, _) = Allowlist::builder().push("203.0.113.0/24", "Office").build()?;
/// let (second, _) = Allowlist::builder().push("198.51.100.0/24", "Office, moved").build()?;
///
/// let live = Live::new(first);
/// let during = live.load();
/// let old = live.swap(second);
/// assert!(during.contains("203.0.113.7".parse()?)); // the list that was loaded
/// assert!(!live.load().contains("203.0.113.7".parse()?));
/// assert_eq!(old.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Live {
    list: ArcSwap<Allowlist>,
}

impl Live {
    /// Begins with a list.
    #[must_use]
    pub fn new(list: Allowlist) -> Self {
        Self { list: ArcSwap::from_pointee(list) }
    }

    /// The list in use now, for one request. To keep it for longer, clone it: `live.load().clone()`.
    #[inline]
    pub fn load(&self) -> Loaded {
        Loaded { guard: self.list.load() }
    }

    /// Replaces the list, and returns the one that was in use. Requests that loaded it before go on with it.
    pub fn swap(&self, list: Allowlist) -> Allowlist {
        Allowlist::clone(&self.list.swap(Arc::new(list)))
    }
}

/// A list that was in use when it was loaded. It is an [`Allowlist`] to whoever looks at it.
#[derive(Debug)]
#[must_use = "a list that nobody asks decides nothing"]
pub struct Loaded {
    guard: Guard<Arc<Allowlist>>,
}

impl Deref for Loaded {
    type Target = Allowlist;

    #[inline]
    fn deref(&self) -> &Allowlist {
        &self.guard
    }
}
