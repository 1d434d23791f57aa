//! Follows the feed.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;
use redis::{PushInfo, PushKind, RedisError, Value};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::outbox::Outbox;
use super::tracker::Tracker;
use super::{Notice, RevocationFeed};
use crate::database::open_server;
use crate::pauses::Pauses;

/// Follows a [`RevocationFeed`] as long as it is kept. Made by [`RevocationFeed::follow`].
#[must_use = "the feed is followed until this is dropped"]
pub struct Following {
    state: watch::Receiver<State>,
    ear: Arc<Ear>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first attempt is under way.
    New,
    Connected,
    Disconnected,
}

/// How often a follower asks whether its connection still works and whether it missed anything.
const LOOK: Duration = Duration::from_secs(1);

/// After so many looks without a fault a connection counts as sound, and the pauses before the next ones
/// begin anew. A server that cuts right after the handshake is not asked more often than one that is gone.
const CALM: u32 = 5;

impl Following {
    pub(super) async fn start(
        feed: RevocationFeed,
        handler: impl Fn(&Notice) + Send + Sync + 'static,
    ) -> Self {
        let (changes, state) = watch::channel(State::New);
        let ear = Arc::new(Ear::default());
        let follower = Follower { feed, ear: Arc::clone(&ear), changes };
        let delivery = deliver(Arc::clone(&ear), handler);
        let tasks = [tokio::spawn(follower.run()), tokio::spawn(delivery)];
        // A caller that gives up during the wait drops it, and the tasks with it.
        let mut following = Self { state, ear, tasks };
        // An error means that the task is gone, which is no connection either.
        let _ = following.state.wait_for(|state| *state != State::New).await;
        following
    }

    /// Whether revocations are heard at the moment, as far as is known: a server that stops answering is
    /// noticed after about two seconds.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        *self.state.borrow() == State::Connected && self.state.has_changed().is_ok()
    }

    /// How often the handler panicked. Each time it is told to forget [everything](Notice::Everything) next;
    /// when it panics over that too, it goes on with what comes then, and its caches are as old as their own
    /// bound allows.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.ear.panics.load(Ordering::Relaxed)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl fmt::Debug for Following {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Following").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

/// Hands the notices to the handler.
async fn deliver(ear: Arc<Ear>, handler: impl Fn(&Notice)) {
    loop {
        let notice = ear.outbox.next().await;
        // The panic was reported where it happened. It must not keep revocations from being heard.
        let tell = |notice| {
            let told = catch_unwind(AssertUnwindSafe(|| handler(notice))).is_ok();
            ear.panics.fetch_add((!told).into(), Ordering::Relaxed);
            told
        };
        // Nobody knows how far the handler came, so what it was told may still be cached. Once: one that
        // panics over this too would do so for ever.
        let _ = tell(&notice) || tell(&Notice::Everything);
    }
}

/// What listens: messages are judged as they come, one after the other.
#[derive(Debug, Default)]
struct Ear {
    tracker: Mutex<Tracker>,
    outbox: Outbox,
    /// How often the handler panicked.
    panics: AtomicU64,
}

impl Ear {
    /// Judges something, and queues what follows from it before anything else is judged. Says whether
    /// anything did.
    fn judge(&self, judge: impl FnOnce(&mut Tracker) -> Option<Notice>) -> bool {
        let mut tracker = self.lock();
        let Some(notice) = judge(&mut tracker) else { return false };
        self.outbox.push(notice);
        true
    }

    /// Nothing in here panics half-way, so a poisoned lock holds sound data.
    fn lock(&self) -> MutexGuard<'_, Tracker> {
        self.tracker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a connection that listens.
struct Follower {
    feed: RevocationFeed,
    ear: Arc<Ear>,
    changes: watch::Sender<State>,
}

impl Follower {
    async fn run(self) {
        let nodes = self.feed.database.options().connections().unwrap_or_default();
        // Not all processes at the same node.
        let mut turn = usize::try_from(SysRng.try_next_u32().unwrap_or(0)).unwrap_or(0);
        let mut pauses = Pauses::new();
        loop {
            if let Some(node) = nodes.get(turn % nodes.len().max(1)) {
                // Whatever ended it: the next node is tried, and what was missed comes to light there.
                let _ = self.listen(node.clone(), &mut pauses).await;
            }
            self.enter(State::Disconnected);
            sleep(pauses.next()).await;
            turn = turn.wrapping_add(1);
        }
    }

    /// Listens at one node until that fails.
    async fn listen(
        &self,
        node: redis::ConnectionInfo,
        pauses: &mut Pauses,
    ) -> Result<(), RedisError> {
        let options = self.feed.database.options();
        let ended = Arc::new(Notify::new());
        let pushed = {
            let (ear, ended) = (Arc::clone(&self.ear), Arc::clone(&ended));
            move |push: PushInfo| match push.kind {
                PushKind::Message => {
                    ear.judge(|tracker| tracker.heard(payload(&push)));
                }
                PushKind::Disconnection => ended.notify_one(),
                _ => {}
            }
        };
        self.ear.lock().join();
        let mut connection = open_server(options, node, pushed).await?;
        connection.subscribe(self.feed.channel()).await?;
        // Only now: whatever is announced from here on is heard.
        let now = self.feed.mark().await?;
        self.ear.judge(|tracker| tracker.joined(now));
        self.enter(State::Connected);
        let mut looks = 0_u32;
        loop {
            if timeout(LOOK, ended.notified()).await.is_ok() {
                return Ok(());
            }
            redis::cmd("PING").exec_async(&mut connection).await?;
            let now = self.feed.mark().await?;
            // This node does not tell everything, though it answers.
            if self.ear.judge(|tracker| tracker.compare(now)) {
                return Ok(());
            }
            looks = looks.saturating_add(1);
            if looks == CALM {
                *pauses = Pauses::new();
            }
        }
    }

    fn enter(&self, state: State) {
        let changed = self.changes.send_if_modified(|held| {
            let changed = *held != state;
            *held = state;
            changed
        });
        if changed {
            self.ear.outbox.push(match state {
                State::Connected => Notice::Connected,
                State::New | State::Disconnected => Notice::Disconnected,
            });
        }
    }
}

/// The last part of a message, after its channel.
fn payload(push: &PushInfo) -> &[u8] {
    match push.data.last() {
        Some(Value::BulkString(payload)) => payload,
        _ => &[],
    }
}
