//! A server or a Cluster, as the stores use it.

mod connection;
mod link;
mod script;
#[cfg(test)]
mod tests;

use std::fmt;
#[cfg(feature = "webhook")]
use std::sync::atomic::{AtomicBool, Ordering};

use redis::{Cmd, FromRedisValue, RedisError};

#[cfg(feature = "revocation")]
pub(crate) use self::connection::open_server;
use self::link::{Link, Request};
pub(crate) use self::script::{Call, Script};
use crate::{ConnectError, RedisOptions};

/// A Redis server or Cluster, and the connection to it. A clone shares the connection.
///
/// It recovers by itself: from a server that is not there at first, is restarted, stops answering or hands
/// its keys over to a replica. After a failure the next connection is tried in the background, at most
/// about a second after the last try, and meanwhile every command fails at once.
///
/// No command is ever sent twice, unless the server has said that it did not do it: a command without an
/// answer may have been done. Nor does one wait longer than the options say: for a connection and then for
/// the answer.
///
/// It needs the `tokio` runtime with its timers and sockets.
///
/// # Examples
///
/// ```no_run
/// use palisade_redis::{RedisDatabase, RedisOptions};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let options = RedisOptions::parse("redis://127.0.0.1:6379")?;
/// // To find out at once whether the server is there:
/// let database = RedisDatabase::connect(options.clone()).await?;
/// // To start without it as well:
/// let database = RedisDatabase::open(options);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisDatabase {
    link: Link,
}

impl RedisDatabase {
    /// A database that connects when it is first used. A server that is absent is an error of the first
    /// use, and no error once the server is there.
    #[must_use]
    pub fn open(options: RedisOptions) -> Self {
        Self { link: Link::new(options) }
    }

    /// A database that is connected.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] when it cannot be, which says why.
    pub async fn connect(options: RedisOptions) -> Result<Self, ConnectError> {
        let database = Self::open(options);
        database.link.wait_until_up().await?;
        Ok(database)
    }

    /// Asks whether the server answers; of a Cluster, whether all its masters do.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] when it does not, within the time that the options allow.
    pub async fn ping(&self) -> Result<(), ConnectError> {
        Ok(self.run(&redis::cmd("PING")).await?)
    }

    /// What it was opened with.
    #[must_use]
    pub fn options(&self) -> &RedisOptions {
        self.link.options()
    }

    /// Runs one command.
    ///
    /// # Errors
    ///
    /// What the server refused, or what is wrong with the connection. A timeout leaves open whether the
    /// command was done.
    pub(crate) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        let value = self.link.exchange(Request::Command(command)).await?;
        Ok(redis::from_redis_value(value)?)
    }

    /// Runs one script, by its digest: one round trip when the server knows it, two when not.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run).
    pub(crate) async fn run_script<T: FromRedisValue>(
        &self,
        call: &Call<'_>,
    ) -> Result<T, RedisError> {
        let value = self.link.exchange(Request::Script(call)).await?;
        Ok(redis::from_redis_value(value)?)
    }

    /// The same, and sets `sent` once the request may have left. While that is not set, nothing was done.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run).
    #[cfg(feature = "webhook")]
    pub(crate) async fn run_script_noting<T: FromRedisValue>(
        &self,
        call: &Call<'_>,
        sent: &AtomicBool,
    ) -> Result<T, RedisError> {
        let leaves = || sent.store(true, Ordering::Relaxed);
        let value = self.link.exchange_noting(Request::Script(call), leaves).await?;
        Ok(redis::from_redis_value(value)?)
    }
}

impl fmt::Debug for RedisDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisDatabase").field("options", self.options()).finish_non_exhaustive()
    }
}
