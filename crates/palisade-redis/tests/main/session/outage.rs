//! A server that is killed, stopped and restarted while many callers use it. What was acknowledged as over
//! is never seen alive again, on a server that writes everything down.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use palisade_redis::RedisSessionStore;
use palisade_session::{SessionId, SessionRecord, SessionStore};
use palisade_testkit::servers::RedisServer;
use palisade_testkit::session_store::sample;

use super::{Scene, always, is_live, many, open_for, signed_out, user};
use crate::support::eventually;

/// What the callers have in common.
#[derive(Default)]
struct Log {
    stop: AtomicBool,
    next: AtomicU64,
    /// Sessions of which somebody was told that they are over.
    over: Mutex<Vec<SessionId>>,
    /// Answers that were no errors, and errors.
    answers: AtomicU64,
    errors: AtomicU64,
}

impl Log {
    fn note<T, E>(&self, answer: Result<T, E>) -> Option<T> {
        let count = if answer.is_ok() { &self.answers } else { &self.errors };
        count.fetch_add(1, Ordering::Relaxed);
        answer.ok()
    }

    fn add_over(&self, ids: impl IntoIterator<Item = SessionId>) {
        self.over.lock().unwrap().extend(ids);
    }

    /// One of those that are over, by turns.
    fn one_over(&self, turn: usize) -> Option<SessionId> {
        let over = self.over.lock().unwrap();
        over.get(turn.checked_rem(over.len())?).copied()
    }
}

/// Signs users in and out, in one way after the other.
async fn sign_in_and_out(store: RedisSessionStore, who: u64, log: Arc<Log>) {
    let mine = user(who);
    let mut kept: Vec<SessionId> = Vec::new();
    while !log.stop.load(Ordering::Relaxed) {
        let n = log.next.fetch_add(1, Ordering::Relaxed);
        let Some(generation) = log.note(store.generation(&mine).await) else {
            tokio::task::yield_now().await;
            continue;
        };
        let record = SessionRecord { generation, user: mine.clone(), ..sample(n) };
        // An answer that did not come may have been done all the same.
        log.note(store.insert_new(&record, many(), &always()).await);
        kept.push(record.id);
        match n % 4 {
            0 => {
                let revoked = log.note(store.revoke(&mine, &record.id, signed_out()).await);
                if let Some(Some(_)) = revoked {
                    log.add_over([record.id]);
                    kept.pop();
                }
            }
            1 => {
                let ended = store.revoke_others(&mine, &record.id, signed_out()).await;
                if let Some(Some(_)) = log.note(ended) {
                    kept.pop();
                    log.add_over(kept.drain(..));
                    kept.push(record.id);
                }
            }
            2 | 3 if n % 12 < 4 => {
                let ended = match n % 4 {
                    2 => store.revoke_user(&mine, signed_out()).await,
                    _ => store.revoke_everyone(signed_out()).await,
                };
                if log.note(ended).is_some() {
                    log.add_over(kept.drain(..));
                }
            }
            _ => {}
        }
    }
}

/// Looks at what is over.
async fn look(store: RedisSessionStore, log: Arc<Log>) {
    let mut turn = 0;
    while !log.stop.load(Ordering::Relaxed) {
        turn += 7;
        let Some(id) = log.one_over(turn) else {
            tokio::task::yield_now().await;
            continue;
        };
        if let Some(live) = log.note(is_live(&store, &id).await) {
            assert!(!live, "{id} was over, and lives");
        } else {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_over_is_ever_seen_alive() {
    let redis = RedisServer::with_options(&["--appendonly", "yes", "--appendfsync", "always"]);
    let scene = Scene::on(&redis).await;
    let log = Arc::new(Log::default());
    let mut tasks = Vec::new();
    for who in 0..4 {
        let store = open_for(&redis.url(), &scene.namespace, Duration::from_millis(300)).await;
        tasks.push(tokio::spawn(sign_in_and_out(store, who, Arc::clone(&log))));
    }
    for _ in 0..2 {
        let store = open_for(&redis.url(), &scene.namespace, Duration::from_millis(300)).await;
        tasks.push(tokio::spawn(look(store, Arc::clone(&log))));
    }

    let some_more = async || {
        let before = log.answers.load(Ordering::Relaxed);
        eventually("the callers get answers", async || {
            log.answers.load(Ordering::Relaxed) > before + 300
        })
        .await;
    };
    let some_errors = async || {
        let before = log.errors.load(Ordering::Relaxed);
        eventually("the callers notice", async || log.errors.load(Ordering::Relaxed) > before)
            .await;
    };
    some_more().await;
    for _ in 0..3 {
        redis.command(&["SCRIPT", "FLUSH"]);
        some_more().await;
        redis.pause();
        some_errors().await;
        redis.resume();
        some_more().await;
        redis.kill();
        some_errors().await;
        redis.restart();
        some_more().await;
    }
    log.stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("nobody saw what is not");
    }
    let over = log.over.lock().unwrap().clone();
    assert!(over.len() > 100, "{} sessions were ended", over.len());
    for id in over {
        assert!(!is_live(&scene.store, &id).await.unwrap(), "{id} was over, and lives");
    }
}
