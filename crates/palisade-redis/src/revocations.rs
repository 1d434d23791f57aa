//! Tells all processes what was revoked.

mod follow;
mod message;
mod notice;
mod outbox;
mod revocation;
mod tracker;

use std::sync::LazyLock;

use rand::TryRng;
use rand::rngs::SysRng;

pub use self::follow::Following;
use self::message::Mark;
pub use self::notice::Notice;
pub use self::revocation::{InvalidRevokedId, Revocation, RevokedId};
use crate::database::Script;
use crate::{Namespace, RedisDatabase};

/// Tells the caches of all processes of a service what was revoked, so that they need not wait until what
/// they hold is too old.
///
/// A process that revokes a key or ends a session announces it; each process follows the feed, and forgets
/// what it has cached. Announcements are numbered. A follower that misses one, because its connection
/// broke, the server was restarted or a message got lost, finds out when it is connected again or within
/// about two seconds, and is told to forget [everything](Notice::Everything).
///
/// The feed makes caches forget sooner; it is no promise that they do. While a process has
/// [no connection](Notice::Disconnected) it hears nothing, and its caches live by their own bound on
/// staleness: keep that as short as you would without the feed, or forget everything on `Disconnected`.
///
/// It takes one key on the server, `<namespace>:revocations`, which holds the number of the last
/// announcement, and the channel `<namespace>:revoked:<number of the database>`. Whoever may publish there
/// can make all processes forget their caches, and nothing worse.
///
/// # Examples
///
/// ```no_run
/// use palisade_redis::{Namespace, Notice, RedisDatabase, RedisOptions, Revocation, RevocationFeed};
///
/// # struct Keys;
/// # impl Keys { fn forget_cached(&self) {} }
/// # async fn example(keys: std::sync::Arc<Keys>) -> Result<(), Box<dyn std::error::Error>> {
/// let database = RedisDatabase::open(RedisOptions::parse("redis://127.0.0.1:6379")?);
/// let feed = RevocationFeed::new(database, Namespace::new("gatehouse")?);
///
/// let following = feed
///     .follow(move |notice| match notice {
///         Notice::Revoked(Revocation::Session(_)) | Notice::Connected => {}
///         Notice::Disconnected => eprintln!("revocations are not heard"),
///         // A key, a user with all his keys, everything, and what later versions add.
///         _ => keys.forget_cached(),
///     })
///     .await;
///
/// // After the store has been told:
/// feed.announce(&Revocation::Key("key_01".parse()?)).await?;
/// # drop(following);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RevocationFeed {
    database: RedisDatabase,
    namespace: Namespace,
}

static ANNOUNCE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("revocations/announce.lua")));

impl RevocationFeed {
    /// The feed of this namespace.
    #[must_use]
    pub fn new(database: RedisDatabase, namespace: Namespace) -> Self {
        Self { database, namespace }
    }

    /// Tells all followers. To be called once the store holds the revocation: a follower that reads the
    /// store before would cache the old state anew.
    ///
    /// It may be done twice, and after an error it should be tried again.
    ///
    /// # Errors
    ///
    /// [`AnnounceError`] when the server did not say that it was done. The revocation itself stands, and
    /// caches learn of it when what they hold is too old.
    pub async fn announce(&self, revocation: &Revocation) -> Result<(), AnnounceError> {
        let id = SysRng.try_next_u64().map_err(|error| AnnounceError(error.into()))?;
        let call = ANNOUNCE
            .call(&[self.counter()])
            .arg(self.channel())
            .arg(message::id_text(id))
            .arg(message::text(revocation));
        self.database.run_script::<()>(&call).await.map_err(|error| AnnounceError(error.into()))
    }

    /// Follows the feed until the returned value is dropped.
    ///
    /// The handler gets each [`Notice`], one after the other, in a task of its own on the runtime that this
    /// is called on: it should be quick, as [forgetting a cache](Notice::Everything) is. What comes faster
    /// than it can handle is not queued without end; it gets one `Everything` in its place. When it panics,
    /// it gets one `Everything` more, and then the next notice all the same: [`Following::panics`] counts.
    ///
    /// This waits for the first attempt to connect, at most for the timeouts of the options. Whether it
    /// succeeded says [`Following::is_connected`]; it is tried again in the background. When the future is
    /// dropped before, nothing is followed.
    pub async fn follow(&self, handler: impl Fn(&Notice) + Send + Sync + 'static) -> Following {
        Following::start(self.clone(), handler).await
    }

    fn counter(&self) -> String {
        format!("{}:revocations", self.namespace)
    }

    /// The databases of a server share its channels, and not its keys.
    fn channel(&self) -> String {
        format!("{}:revoked:{}", self.namespace, self.database.options().database())
    }

    /// The number of the last announcement.
    async fn mark(&self) -> Result<Mark, redis::RedisError> {
        let mut get = redis::cmd("GET");
        let text: Option<Vec<u8>> = self.database.run(get.arg(self.counter())).await?;
        Ok(text.and_then(|text| Mark::read(&text)).unwrap_or(Mark::NONE))
    }
}

/// Followers may not have been told. The cause is for the log.
#[derive(Debug, thiserror::Error)]
#[error("the revocation stands, and could not be announced")]
pub struct AnnounceError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl AnnounceError {
    /// A short, stable word for the log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        "revocation_unannounced"
    }
}
