//! Real servers fail in every way, and come back.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use palisade_ratelimit::{Decision, FailurePolicy, Limited, Request, Share, Source, Verdict};
use palisade_redis::{Event, Fault, RedisLimiter};
use palisade_testkit::servers::RedisServer;

use super::{Told, calls, limiter, slow};
use crate::support::{eventually, fresh_namespace};

pub(super) const POLICIES: [FailurePolicy; 3] =
    [FailurePolicy::Open, FailurePolicy::Closed, FailurePolicy::Local(Share::WHOLE)];

/// Breaks a server, and mends it, under each failure policy.
async fn survived(breaks: impl Fn(&RedisServer), mends: impl Fn(&RedisServer), expected: &[Fault]) {
    for failure in POLICIES {
        let server = RedisServer::start();
        let told = Told::default();
        let builder = limiter(&server.url(), &fresh_namespace(), failure);
        let limiter = told.listen(builder).deadline(Duration::from_millis(500)).build().unwrap();
        let policy = slow("outage", 100_000);
        let request = Request::new(&policy, "x").within(&policy, "y");
        let check = async || limiter.check(&request, SystemTime::now()).await;
        let peek = async || limiter.peek(&request, SystemTime::now()).await;

        let used_up = slow("used-up", 1);
        let throttled = Request::new(&used_up, "x");
        let throttle = async || limiter.check(&throttled, SystemTime::now()).await;

        let shared = check().await;
        assert_eq!((shared.source(), shared.verdict()), (Source::Shared, Verdict::Allowed));
        assert_eq!(throttle().await.verdict(), Verdict::Allowed);
        breaks(&server);
        eventually("the breaker opens", async || {
            is_declared(&check().await, failure);
            // A server that is full or a replica answers this one: it has nothing to write.
            drop(throttle().await);
            !limiter.is_shared()
        })
        .await;
        for _ in 0..60 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            drop(throttle().await);
            is_declared(&check().await, failure);
            is_declared(&peek().await, failure);
            let free = request.clone().cost(0);
            is_declared(&limiter.check(&free, SystemTime::now()).await, failure);
            assert!(!limiter.is_shared());
        }
        mends(&server);
        eventually("Redis is asked again", async || check().await.source() == Source::Shared).await;
        assert!(limiter.is_shared());
        assert_eq!(check().await.source(), Source::Shared);
        transitions(&limiter, &told, expected);
    }
}

/// The answer is the one that the policy declares.
pub(super) fn is_declared(decision: &Decision<'_>, failure: FailurePolicy) {
    let answer = (decision.source(), decision.require());
    match failure {
        FailurePolicy::Open => assert_eq!(answer, (Source::FailedOpen, Ok(()))),
        FailurePolicy::Local(_) => assert_eq!(answer, (Source::Local, Ok(()))),
        _ => {
            let refused = Err(Limited::Unavailable { retry_after: Duration::from_secs(1) });
            assert_eq!(answer, (Source::FailedClosed, refused));
        }
    }
}

/// One opening and one closing were told, and every decision without Redis is counted.
fn transitions(limiter: &RedisLimiter, told: &Told, expected: &[Fault]) {
    let counters = limiter.counters();
    let all = told.all();
    let moves: Vec<&Event> =
        all.iter().filter(|event| !matches!(event, Event::Persistent { .. })).collect();
    let [Event::Opened { fault }, Event::Closed { decisions, .. }] = moves[..] else {
        panic!("{all:?}");
    };
    assert!(expected.contains(fault), "{fault:?}");
    assert_eq!(*decisions, counters.without_redis());
    assert_eq!(counters.opened, 1);
    let persistent = all.contains(&Event::Persistent { fault: *fault });
    assert_eq!(persistent, !fault.heals(), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_restarted() {
    let faults = [Fault::Connection, Fault::Timeout];
    survived(RedisServer::kill, RedisServer::restart, &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_and_continued() {
    survived(RedisServer::pause, RedisServer::resume, &[Fault::Timeout]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_then_killed_and_restarted() {
    survived(RedisServer::pause, RedisServer::restart, &[Fault::Timeout]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn out_of_memory() {
    survived(
        |server| drop(server.command(&["CONFIG", "SET", "maxmemory", "1"])),
        |server| drop(server.command(&["CONFIG", "SET", "maxmemory", "0"])),
        &[Fault::OutOfMemory],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn turned_into_a_replica() {
    survived(
        |server| drop(server.command(&["REPLICAOF", "127.0.0.1", "1"])),
        |server| drop(server.command(&["REPLICAOF", "NO", "ONE"])),
        &[Fault::ReadOnly],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_permission() {
    survived(
        |server| drop(server.command(&["ACL", "SETUSER", "default", "-evalsha"])),
        |server| drop(server.command(&["ACL", "SETUSER", "default", "+evalsha"])),
        &[Fault::Forbidden],
    )
    .await;
}

/// A limiter that is built while there is no server answers by its policy, and shares once there is one.
#[tokio::test(flavor = "multi_thread")]
async fn absent_at_first() {
    let server = RedisServer::start();
    server.kill();
    let limiter = limiter(&server.url(), &fresh_namespace(), FailurePolicy::Open).build().unwrap();
    let policy = slow("absent", 10);
    let request = Request::new(&policy, "x");
    for _ in 0..5 {
        is_declared(&limiter.check(&request, SystemTime::now()).await, FailurePolicy::Open);
    }
    server.restart();
    eventually("Redis is asked", async || {
        limiter.check(&request, SystemTime::now()).await.source() == Source::Shared
    })
    .await;
}

/// Every question reaches the server or is counted as a fault, and an open breaker asks nothing.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_while_it_is_open() {
    let server = RedisServer::start();
    let minute = Duration::from_mins(1);
    let limiter = limiter(&server.url(), &fresh_namespace(), FailurePolicy::Open)
        .breaker(3, minute, minute)
        .build()
        .unwrap();
    let policy = slow("quiet", 100_000);
    let request = Request::new(&policy, "x");
    let check = async || limiter.check(&request, SystemTime::now()).await.source();
    assert_eq!(check().await, Source::Shared);
    server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    for _ in 0..3 {
        assert_eq!(check().await, Source::FailedOpen);
    }
    assert!(!limiter.is_shared());
    server.command(&["CONFIG", "SET", "maxmemory", "0"]);
    let before = calls(&server, "evalsha");
    for _ in 0..500 {
        assert_eq!(check().await, Source::FailedOpen);
    }
    assert_eq!((calls(&server, "evalsha"), before), (before, 4));
    assert_eq!(limiter.counters().faults(Fault::OutOfMemory), 3);
}

/// While many requests come at once, one at a time finds out whether Redis is back.
#[tokio::test(flavor = "multi_thread")]
async fn many_requests_ask_one_at_a_time() {
    let server = RedisServer::start();
    let limiter = limiter(&server.url(), &fresh_namespace(), FailurePolicy::Open)
        .breaker(1, Duration::from_millis(1), Duration::from_millis(1))
        .build()
        .unwrap();
    let policy = slow("probed", 100_000);
    let first = limiter.check(&Request::new(&policy, "x"), SystemTime::now()).await;
    assert_eq!(first.source(), Source::Shared);
    server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(
        limiter.check(&Request::new(&policy, "x"), SystemTime::now()).await.source(),
        Source::FailedOpen
    );
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (limiter, policy) = (limiter.clone(), policy.clone());
            tokio::spawn(async move {
                for _ in 0..200 {
                    let request = Request::new(&policy, "x");
                    let decision = limiter.check(&request, SystemTime::now()).await;
                    assert_eq!(decision.source(), Source::FailedOpen);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let counters = limiter.counters();
    assert_eq!(counters.opened, 1);
    assert_eq!(counters.failed_open, 3201);
    // One for each fault, and the one that was answered.
    assert_eq!(calls(&server, "evalsha"), counters.faults(Fault::OutOfMemory) + 1);
    assert!(counters.faults(Fault::OutOfMemory) < counters.failed_open / 2);
}

/// Calls that are given up, the one that finds out included, leave nothing behind.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_given_up_do_no_harm() {
    let server = RedisServer::start();
    let told = Told::default();
    let builder = limiter(&server.url(), &fresh_namespace(), FailurePolicy::Open);
    let limiter = told.listen(builder).deadline(Duration::from_millis(100)).build().unwrap();
    let policy = slow("cancelled", 100_000);
    let request = Request::new(&policy, "x");
    let check = async || limiter.check(&request, SystemTime::now()).await;
    eventually("the first answer", async || check().await.source() == Source::Shared).await;
    server.pause();
    eventually("the breaker opens", async || {
        drop(check().await);
        !limiter.is_shared()
    })
    .await;
    for _ in 0..50 {
        drop(tokio::time::timeout(Duration::from_millis(5), check()).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!limiter.is_shared());
    server.resume();
    eventually("Redis is asked again", async || {
        // Longer than the longest pause, so that the first of these is the probe.
        tokio::time::sleep(Duration::from_millis(400)).await;
        for _ in 0..20 {
            begin(check()).await;
        }
        check().await.source() == Source::Shared
    })
    .await;
    assert!(limiter.is_shared());
}

/// Asks, and goes away before there can be an answer.
async fn begin(call: impl Future) {
    let mut call = std::pin::pin!(call);
    poll_fn(|context| {
        drop(call.as_mut().poll(context));
        Poll::Ready(())
    })
    .await;
}

/// Somebody who listens and panics takes no request with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_panics_does_no_harm() {
    let server = RedisServer::start();
    let told = Told::default();
    let heard = told.clone();
    let limiter = limiter(&server.url(), &fresh_namespace(), FailurePolicy::Open)
        .on_event(move |event| {
            heard.0.lock().unwrap().push(*event);
            std::panic::resume_unwind(Box::new("a bug"));
        })
        .build()
        .unwrap();
    let policy = slow("panics", 100_000);
    let request = Request::new(&policy, "x");
    let check = async || limiter.check(&request, SystemTime::now()).await;
    assert_eq!(check().await.source(), Source::Shared);
    server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    for _ in 0..5 {
        is_declared(&check().await, FailurePolicy::Open);
    }
    server.command(&["CONFIG", "SET", "maxmemory", "0"]);
    eventually("Redis is asked again", async || check().await.source() == Source::Shared).await;
    assert_eq!(told.0.lock().unwrap().len(), 3, "{told:?}");
    assert_eq!(limiter.counters().without_redis(), limiter.counters().failed_open);
}
