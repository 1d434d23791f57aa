//! What was revoked, told from process to process.
//!
//! Keys are cached, for as long as the staleness says. A process that revokes one makes the others forget theirs at
//! once, where they share a Redis. Where they do not, or it is down, the staleness is what bounds it.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use palisade_redis::{Following, Notice, RedisDatabase, Revocation, RevocationFeed, RevokedId};

use crate::app::App;
use crate::config::LimitConfig;

/// Tells the other processes what was revoked; nobody, where there is no Redis.
#[derive(Debug)]
pub struct Revocations {
    feed: Option<RevocationFeed>,
    /// Something could not be told, so the others have to forget everything as soon as they can be told that.
    owed: AtomicBool,
}

impl Revocations {
    /// To the processes that share this server.
    #[must_use]
    pub fn open(config: &LimitConfig, database: Option<&RedisDatabase>) -> Self {
        let feed = config.redis.as_ref().zip(database).map(|(redis, database)| {
            RevocationFeed::new(database.clone(), redis.namespace.clone())
        });
        Self { feed, owed: AtomicBool::new(false) }
    }

    /// Tells that a key was revoked, or will end sooner. To be called once that is stored.
    pub(crate) async fn of_key(&self, id: impl Display) {
        self.announce(named(id, Revocation::Key)).await;
    }

    /// Tells that a session was ended. To be called once that is stored.
    pub(crate) async fn of_session(&self, id: impl Display) {
        self.announce(named(id, Revocation::Session)).await;
    }

    /// Tells that sessions of a user were ended. To be called once that is stored.
    pub(crate) async fn of_user(&self, id: impl Display) {
        self.announce(named(id, Revocation::User)).await;
    }

    /// Tells that more was revoked than can be named.
    pub(crate) async fn of_everything(&self) {
        self.announce(Revocation::Everything).await;
    }

    /// Tells what could not be told before, if there is something. To be called from time to time.
    pub(crate) async fn settle(&self) {
        if self.owed.swap(false, Ordering::SeqCst) {
            self.announce(Revocation::Everything).await;
        }
    }

    /// The revocation stands whether or not the others hear of it, so nothing fails here.
    async fn announce(&self, revocation: Revocation) {
        let Some(feed) = &self.feed else { return };
        let Err(error) = feed.announce(&revocation).await else { return };
        if !self.owed.swap(true, Ordering::SeqCst) && revocation != Revocation::Everything {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(
                reason = error.reason(),
                cause,
                "other processes were not told of a revocation; they see it within the staleness, and are told as soon as possible"
            );
        }
    }

    /// Forgets in this process what others revoke, until the returned value is dropped.
    pub(crate) async fn follow(&self, app: &Arc<App>) -> Option<Following> {
        let app = Arc::clone(app);
        let feed = self.feed.as_ref()?;
        Some(feed.follow(move |notice| app.forget(notice)).await)
    }
}

impl App {
    /// Forgets what a notice concerns. Sessions are not cached by the policy of this service, and would be forgotten
    /// here if they were.
    fn forget(&self, notice: &Notice) {
        match notice {
            Notice::Revoked(Revocation::Key(_)) => self.keys.forget_cached(),
            Notice::Revoked(Revocation::Session(_)) => self.people.sessions.forget_cached(),
            Notice::Disconnected => {
                tracing::warn!("what other processes revoke is not heard until the feed is back");
            }
            notice => {
                if *notice == Notice::Connected {
                    tracing::info!("what other processes revoke is heard");
                }
                // Also whatever may have been missed meanwhile.
                self.keys.forget_cached();
                self.people.sessions.forget_cached();
            }
        }
    }
}

/// An id that is none for the feed is told as everything, which forgets more than it has to.
fn named(id: impl Display, kind: fn(RevokedId) -> Revocation) -> Revocation {
    id.to_string().parse().map_or(Revocation::Everything, kind)
}
