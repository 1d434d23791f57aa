//! The memory of a webhook replay guard.

mod attempt;

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use palisade_webhook::{Inserted, ReplayKey, ReplayStore, StoreError};

use self::attempt::Attempt;
use crate::database::Script;
use crate::{Namespace, RedisDatabase};

/// The replay keys of webhooks on Redis: a message passes once, whichever process takes it.
///
/// Each is a key of its own, `<namespace>:replay:<64 hexadecimal digits>`, so a Cluster spreads them. Its
/// value holds its end by the callers' clocks, in seconds since 1970; they alone decide whether it is over.
/// The server forgets it an hour after that end. Thus one process may be an hour ahead of another, or of
/// itself before its clock was set back, and nothing is forgotten early.
///
/// A server that has no room for a key answers [`Inserted::Full`], and the message does not pass.
///
/// # Without an answer
///
/// When the answer to an insertion does not come, or nobody waits for it any more, the server may have done
/// it all the same. The caller handles nothing then, so the sender's next attempt must not count as a
/// duplicate: a task in the background takes the key away again, if it is the very one of that insertion. It
/// tries for about ten seconds. What it cannot prevent: an attempt that comes before it is through is
/// answered as a duplicate, and so is every later one when the process ends or the server stays away for
/// longer. Where that loss matters, keep the keys in the database that handles the message.
///
/// A removal takes away what is there. It is for the one whose insertion was [`Inserted::New`], and before
/// the key's end: nobody else has inserted it since. After an error it should not be done again later, when
/// somebody else may have.
///
/// # Security
///
/// What the server forgets can be replayed: set its `maxmemory-policy` to `noeviction`, and see
/// [`RedisDatabase::warnings`]. A replica that takes over may lack the last moments of its master, and a
/// restart brings back no more than what was persisted; in both cases a message of that time passes once
/// more. Where that matters, keep the keys in the database that handles the message. The clock of the
/// server itself must not step ahead by an hour.
///
/// # Examples
///
/// ```no_run
/// use palisade_redis::{Namespace, RedisDatabase, RedisOptions, RedisReplays};
/// use palisade_webhook::ReplayGuard;
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let database = RedisDatabase::open(RedisOptions::parse("redis://127.0.0.1:6379")?);
/// let replays = RedisReplays::new(database, Namespace::new("gatehouse")?);
/// let guard = ReplayGuard::builder(replays, "glacis").build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RedisReplays {
    database: RedisDatabase,
    namespace: Namespace,
}

/// How long the server keeps a key after its end: by so much clocks may differ.
const MARGIN: Duration = Duration::from_hours(1);

/// The last second of the year 9999. Lua counts exactly up to far beyond, and no clock that is right comes
/// near it.
const LAST: u64 = 253_402_300_799;

static INSERT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("replays/insert.lua")));

impl RedisReplays {
    /// Keeps the keys of this namespace.
    #[must_use]
    pub fn new(database: RedisDatabase, namespace: Namespace) -> Self {
        Self { database, namespace }
    }

    fn name(&self, key: &ReplayKey) -> String {
        format!("{}:replay:{key}", self.namespace)
    }
}

impl ReplayStore for RedisReplays {
    async fn insert_if_absent(
        &self,
        key: &ReplayKey,
        expires: SystemTime,
        now: SystemTime,
    ) -> Result<Inserted, StoreError> {
        let (expires, now) = (seconds(expires)?, seconds(now)?);
        let mut attempt = Attempt::new(&self.database, self.name(key)).map_err(StoreError::new)?;
        let call = INSERT
            .call(&[self.name(key)])
            .arg(expires)
            .arg(now)
            .arg(MARGIN.as_secs())
            .arg(attempt.id());
        let answer = self.database.run_script_noting::<u8>(&call, attempt.sent()).await;
        // From a server that refused, the answer is that it did nothing.
        if matches!(answer, Ok(0 | 1)) || answer.as_ref().is_err_and(|error| error.code().is_some())
        {
            attempt.is_answered();
        }
        match answer {
            Ok(0) => Ok(Inserted::Present),
            Ok(1) => Ok(Inserted::New),
            Ok(_) => Err(StoreError::new("the script gave an unknown answer")),
            Err(error) if error.code() == Some("OOM") => Ok(Inserted::Full),
            Err(error) => Err(StoreError::new(error)),
        }
    }

    async fn remove(&self, key: &ReplayKey) -> Result<(), StoreError> {
        let mut delete = redis::cmd("DEL");
        delete.arg(self.name(key));
        self.database.run::<()>(&delete).await.map_err(StoreError::new)
    }
}

/// Whole seconds since 1970. What lies before counts as its beginning, as in every store of ours.
fn seconds(time: SystemTime) -> Result<u64, StoreError> {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    if seconds > LAST {
        return Err(StoreError::new("the time lies after the year 9999"));
    }
    Ok(seconds)
}
