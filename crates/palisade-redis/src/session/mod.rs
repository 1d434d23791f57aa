//! The session store on Redis.

mod call;
mod error;
mod failure;
mod record;
mod reply;
mod script;
mod store;
mod time;

use std::sync::Arc;

use palisade_session::StoreError;

use self::call::Call;
pub use self::error::{CorruptRecord, UnknownReply, Unstorable};
pub use self::failure::RedisFailure;
use self::script::SCRIPTS;
use crate::database::Script;
use crate::{Namespace, RedisDatabase};

/// Keeps session records on a Redis server, or on one node of a Cluster.
///
/// Each call is one script, which the server runs as one step, and one round trip; a purge of many is one
/// for each [few hundred](Self::PURGED_AT_ONCE). A clone is cheap, and is the same store.
///
/// What a service has to know of the server, such as what it may forget, stands in the README of the crate.
///
/// # Security
///
/// A `StoreError` of a call that ends sessions leaves open whether they ended, as after any timeout: call it
/// again. It is safe to do so.
///
/// # Examples
///
/// ```no_run
/// use palisade_redis::{Namespace, RedisDatabase, RedisOptions, RedisSessionStore};
/// use palisade_session::{SessionPolicy, Sessions};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let options = RedisOptions::parse("redis://127.0.0.1:6379")?;
/// let database = RedisDatabase::connect(options).await?;
/// let store = RedisSessionStore::new(database, Namespace::new("gatehouse")?);
/// let sessions = Sessions::opaque(store, SessionPolicy::default());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RedisSessionStore {
    database: RedisDatabase,
    /// Records, order, generations; the scripts know them by these places.
    keys: Arc<[String; 3]>,
}

impl RedisSessionStore {
    /// The most records that a purge forgets in one step. The server does nothing else meanwhile: some
    /// milliseconds.
    pub const PURGED_AT_ONCE: u32 = 250;

    /// The sessions of this namespace on this server. All processes of a service use the same two.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "like the other stores of this crate")]
    pub fn new(database: RedisDatabase, namespace: Namespace) -> Self {
        // The part in braces is the same in all three names, and so is the slot of a Cluster that follows
        // from it. Names of sessions and users stand in none of them. They begin as all names of ours do, so
        // that one rule is enough for the rights of a user.
        let key = |kind| format!("{namespace}:sessions:{{{namespace}}}:{kind}");
        let keys = [key("records"), key("order"), key("generations")];
        Self { database, keys: Arc::new(keys) }
    }

    /// The server or Cluster.
    #[must_use]
    pub fn database(&self) -> &RedisDatabase {
        &self.database
    }

    /// Whether sessions can be read and ended at the moment: for a health check. It asks the very node that
    /// keeps them, and a replica says no.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when they cannot.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.call(&SCRIPTS.ping).run().await?.done()
    }

    fn call(&self, script: &'static Script) -> Call<'_> {
        Call::new(&self.database, script.call(&*self.keys))
    }
}
