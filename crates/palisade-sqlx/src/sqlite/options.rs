//! The choices of a store, made once.

use std::time::Duration;

/// How a store uses its database.
///
/// # Examples
///
/// ```
/// use palisade_sqlx::SqliteOptions;
/// use std::time::Duration;
///
/// let options = SqliteOptions::default().busy_timeout(Duration::from_secs(1)).readers(8);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SqliteOptions {
    pub(super) busy_timeout: Duration,
    pub(super) readers: u32,
}

impl Default for SqliteOptions {
    /// Five seconds, four readers.
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5), readers: 4 }
    }
}

impl SqliteOptions {
    /// How long a call waits for another program that holds the database, before it fails. A call
    /// that also has to wait for others of this store fails after twice as long.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// How many connections read, each a thread; at least one. Another one writes.
    #[must_use]
    pub fn readers(mut self, readers: u32) -> Self {
        self.readers = readers.max(1);
        self
    }
}
