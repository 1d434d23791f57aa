//! The session store.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of a test fail as the test does"
)]

mod conformance;
mod corrupt;
mod cost;
mod failover;
mod failures;
mod generations;
mod lost;
mod outage;
mod service;
mod times;

use std::error::Error;
use std::time::{Duration, SystemTime};

use palisade_redis::{
    CorruptRecord, Namespace, RedisDatabase, RedisFailure, RedisOptions, RedisSessionStore,
};
use palisade_session::{
    EndReason, Ending, Horizon, InsertError, SessionId, SessionLimit, SessionRecord, SessionStore,
    StoreError, UserId,
};
use palisade_testkit::servers::RedisServer;
use palisade_testkit::session_store::sample;

use crate::support::fresh_namespace;

fn key(namespace: &Namespace, kind: &str) -> String {
    format!("{namespace}:sessions:{{{namespace}}}:{kind}")
}

/// A handle on the sessions of a namespace, with a connection of its own. A machine that runs many tests at
/// once is slow, not broken, so it waits for long.
async fn open(url: &str, namespace: &Namespace) -> RedisSessionStore {
    open_for(url, namespace, Duration::from_secs(20)).await
}

async fn open_for(url: &str, namespace: &Namespace, patience: Duration) -> RedisSessionStore {
    let options = RedisOptions::parse(url).unwrap().answer_timeout(patience).unwrap();
    let options = options.connect_timeout(patience.max(Duration::from_secs(1))).unwrap();
    RedisSessionStore::new(RedisDatabase::connect(options).await.unwrap(), namespace.clone())
}

/// A server, a store on it, and what its keys are called.
struct Scene<'r> {
    redis: &'r RedisServer,
    namespace: Namespace,
    store: RedisSessionStore,
}

impl<'r> Scene<'r> {
    async fn on(redis: &'r RedisServer) -> Self {
        let namespace = fresh_namespace();
        let store = open(&redis.url(), &namespace).await;
        Self { redis, namespace, store }
    }

    fn key(&self, kind: &str) -> String {
        key(&self.namespace, kind)
    }

    /// A command with one of the keys of the store as its first argument.
    fn command(&self, command: &str, kind: &str, arguments: &[&str]) -> String {
        let key = self.key(kind);
        let mut all = vec![command, &key];
        all.extend(arguments);
        self.redis.command(&all)
    }
}

fn always() -> Horizon {
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    Horizon { created_after: before, seen_after: before }
}

/// A horizon that no sample reaches.
fn never() -> Horizon {
    let after = sample(1).created + Duration::from_hours(24);
    Horizon { created_after: after, seen_after: after }
}

fn many() -> SessionLimit {
    SessionLimit::end_least_recently_used(SessionLimit::MAX)
}

fn signed_out() -> Ending {
    Ending { at: sample(1).created, reason: EndReason::SignedOut }
}

fn user(n: u64) -> UserId {
    format!("usr_{n}").parse().unwrap()
}

/// A sample of this user, of the generation that he has now. It is not stored.
async fn draft(store: &RedisSessionStore, user: UserId, n: u64) -> SessionRecord {
    let generation = store.generation(&user).await.unwrap();
    SessionRecord { generation, user, ..sample(n) }
}

/// Stores a sample of this user.
async fn begin(store: &RedisSessionStore, user: UserId, n: u64) -> SessionRecord {
    let record = draft(store, user, n).await;
    store.insert_new(&record, many(), &always()).await.unwrap();
    record
}

/// Whether somebody with the token of this session is let in.
async fn is_live(store: &RedisSessionStore, id: &SessionId) -> Result<bool, StoreError> {
    let live = |stored: &palisade_session::Stored| {
        stored.record.ended.is_none() && stored.record.generation == stored.user_generation
    };
    Ok(store.load(id).await?.as_ref().is_some_and(live))
}

/// The cause of an error of the store, which has to be of this type.
#[track_caller]
fn cause<T: Error + 'static>(error: &StoreError) -> &T {
    let source = error.source().unwrap();
    source.downcast_ref().unwrap_or_else(|| panic!("not the cause that was expected: {source:?}"))
}

#[track_caller]
fn reason(error: &StoreError) -> &'static str {
    cause::<RedisFailure>(error).reason()
}

#[track_caller]
fn of_store(error: InsertError) -> StoreError {
    let InsertError::Store(error) = error else { panic!("not an error of the store: {error:?}") };
    error
}

/// Where an error says that something cannot be right.
#[track_caller]
fn place(error: &StoreError) -> (&str, &str, &str) {
    let CorruptRecord { key, id, field, .. } = cause(error);
    (key, id, field)
}
