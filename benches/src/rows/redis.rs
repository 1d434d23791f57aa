//! `palisade-redis` against the barest command there is, on a server of its own on this machine.

use std::error::Error;
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use palisade_ratelimit::{FailurePolicy, InvalidQuota, PER_SECOND, Policy, Quota, Request, Source};
use palisade_redis::{Namespace, RedisDatabase, RedisLimiter, RedisOptions};
use palisade_testkit::servers::RedisServer;
use redis::aio::MultiplexedConnection;
use tokio::runtime::Runtime;

use super::Rows;
use crate::Comparison;

type Failed = Box<dyn Error>;

/// How many calls are under way at once, all over one connection.
const AT_ONCE: usize = 64;

/// How many each of them makes in turn.
const EACH: usize = 32;

#[expect(clippy::unnecessary_wraps, reason = "as the rows of every crate")]
pub(super) fn rows() -> Rows {
    Ok(vec![
        against_incr("redis/three_tiers_in_turn", 3, 1),
        against_incr("redis/one_tier", 1, AT_ONCE),
        against_incr("redis/two_tiers", 2, AT_ONCE),
        against_incr("redis/three_tiers", 3, AT_ONCE),
    ])
}

/// So many decisions, and as many `INCR` of as many keys, with so many under way at once.
fn against_incr(name: &'static str, tiers: usize, tasks: usize) -> Comparison {
    Comparison::time_prepared(name, "a bare INCR", move || {
        let server = RedisServer::start();
        let (url, runtime) = (server.url(), Arc::new(runtime()?));
        let options = RedisOptions::parse(&url)?;
        let database = runtime.block_on(RedisDatabase::connect(options))?;
        let deadline = std::time::Duration::from_secs(1);
        let limiter =
            RedisLimiter::builder(database, Namespace::new("bench")?, FailurePolicy::Closed)
                .deadline(deadline)
                .build()?;
        let client = redis::Client::open(url)?;
        let peer = runtime.block_on(client.get_multiplexed_async_connection())?;
        let other = Arc::clone(&runtime);
        Ok((
            move || {
                let _runs_as_long = &server;
                runtime.block_on(at_once(tasks, |task| decide(limiter.clone(), tiers, task)))
            },
            move || other.block_on(at_once(tasks, |task| increment(peer.clone(), task))),
        ))
    })
}

/// One thread for the client, which leaves the other core to the server.
fn runtime() -> Result<Runtime, Failed> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Runs so many tasks and adds up what they did.
async fn at_once<F>(tasks: usize, task: impl Fn(usize) -> F) -> usize
where
    F: Future<Output = usize> + Send + 'static,
{
    let mut running = tokio::task::JoinSet::new();
    for number in 0..tasks {
        running.spawn(task(number));
    }
    running.join_all().await.into_iter().sum()
}

/// So wide that every request is allowed, and written.
static POLICIES: LazyLock<Result<[Policy; 3], InvalidQuota>> = LazyLock::new(|| {
    let wide = Quota::bucket(1_000_000).refill(1, PER_SECOND)?;
    let policy = |name| Policy::new(name, wide).map_err(|_| InvalidQuota::NoCapacity);
    Ok([policy("account")?, policy("key")?, policy("session")?])
});

async fn decide(limiter: RedisLimiter, tiers: usize, task: usize) -> usize {
    let Ok([by_account, by_key, by_session]) = POLICIES.as_ref() else { return 0 };
    let (account, key, session) =
        (format!("acct_{task}"), format!("key_{task}"), format!("s_{task}"));
    let mut shared = 0;
    for _ in 0..EACH {
        let mut request = Request::new(by_account, &account);
        if tiers > 1 {
            request = request.within(by_key, &key);
        }
        if tiers > 2 {
            request = request.within(by_session, &session);
        }
        let decision = limiter.check(&request, SystemTime::UNIX_EPOCH).await;
        shared += usize::from(decision.source() == Source::Shared);
    }
    shared
}

async fn increment(mut connection: MultiplexedConnection, task: usize) -> usize {
    let key = format!("bench:incr:{task}");
    let mut done = 0;
    for _ in 0..EACH {
        let count = redis::cmd("INCR").arg(&key).query_async::<u64>(&mut connection).await;
        done += usize::from(count.is_ok());
    }
    done
}
