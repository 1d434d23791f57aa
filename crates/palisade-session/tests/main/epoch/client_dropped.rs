//! Calls that are given up, and calls that are held and not polled.

use std::cell::Cell;
use std::future::pending;
use std::task::Poll;
use std::time::Duration;

use palisade_session::{EpochClient, EpochTokens};

use super::client::{DUE, Server, epoch, now_or_never, poll, sidecar};
use super::{issue, minutes, noon, seconds};

#[test]
fn a_dropped_call_leaves_its_fetch_to_the_next() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    let mut first = Box::pin(client.token(noon()));
    let mut second = Box::pin(client.token(noon()));
    let mut third = Box::pin(client.token(noon()));
    assert!(poll(first.as_mut()).is_none());
    assert!(poll(second.as_mut()).is_none() && poll(third.as_mut()).is_none());
    drop(first);
    // The one that could take over is dropped too, before it ran.
    drop(second);
    assert!(poll(third.as_mut()).is_none());
    server.answer(Ok(issue(noon())));
    assert!(poll(third.as_mut()).unwrap().is_ok());
    assert_eq!(server.fetches.get(), 1);

    // The same while a new token is due.
    let due = noon() + minutes(DUE);
    let mut renewing = Box::pin(client.token(due));
    assert!(poll(renewing.as_mut()).is_none());
    assert!(now_or_never(client.token(due)).is_ok());
    drop(renewing);
    server.answer(Ok(issue(due)));
    assert!(now_or_never(client.token(due)).is_ok());
    assert_eq!(server.fetches.get(), 2);
    assert_eq!(epoch(&now_or_never(client.token(noon() + minutes(60)))), "epoch_2024010113");
}

/// Each call has a shorter deadline than the fetch: it is one fetch all the same, and it comes to an end.
#[test]
fn callers_in_a_hurry_do_not_begin_fetch_after_fetch() {
    let fetches = Cell::new(0);
    let client = EpochClient::new(&sidecar(), || {
        fetches.set(fetches.get() + 1);
        let mut polls = 0;
        std::future::poll_fn(move |_| {
            polls += 1;
            if polls == 50 { Poll::Ready(Err::<EpochTokens, _>("down")) } else { Poll::Pending }
        })
    });
    for n in 0..49 {
        let now = noon() + Duration::from_millis(n);
        assert!(poll(Box::pin(client.token(now)).as_mut()).is_none());
    }
    // The failure is counted, and a pause begins.
    for n in 49..500 {
        assert!(now_or_never(client.token(noon() + Duration::from_millis(n))).is_err());
    }
    assert_eq!(fetches.get(), 1);
}

#[test]
fn a_renewal_comes_to_its_end_though_each_call_gives_up() {
    let (fetches, now) = (Cell::new(0), Cell::new(noon()));
    let client = EpochClient::new(&sidecar(), || {
        fetches.set(fetches.get() + 1);
        let (mut polls, mut tokens) = (0, Some(issue(now.get())));
        std::future::poll_fn(move |_| {
            polls += 1;
            match tokens.take_if(|_| polls == 10) {
                Some(tokens) => Poll::Ready(Ok::<_, &str>(tokens)),
                None => Poll::Pending,
            }
        })
    });
    let mut first = Box::pin(client.token(noon()));
    assert!((0..10).any(|_| poll(first.as_mut()).is_some()));
    now.set(noon() + minutes(DUE));
    for _ in 0..20 {
        let _ = poll(Box::pin(client.token(now.get())).as_mut());
    }
    assert_eq!(epoch(&now_or_never(client.token(noon() + minutes(60)))), "epoch_2024010113");
    assert_eq!(fetches.get(), 2);
}

/// As in a `select!` over a reference, whose other branch goes on for long.
#[test]
fn a_call_that_is_held_and_not_polled_blocks_nobody() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    let mut held = Box::pin(client.token(noon()));
    assert!(poll(held.as_mut()).is_none());
    server.answer(Ok(issue(noon())));
    assert!(now_or_never(client.token(noon())).is_ok());
    assert_eq!(server.fetches.get(), 1);
    assert_eq!(epoch(&poll(held.as_mut()).unwrap()), "epoch_2024010112");

    // The same while a new token is due: the others see to it in passing.
    let due = noon() + minutes(DUE);
    let mut renewing = Box::pin(client.token(due));
    assert!(poll(renewing.as_mut()).is_none());
    server.answer(Ok(issue(due)));
    assert!(now_or_never(client.token(due)).is_ok());
    assert_eq!(epoch(&now_or_never(client.token(noon() + minutes(60)))), "epoch_2024010113");
    assert_eq!(server.fetches.get(), 2);

    // It has its answer when it is polled after all.
    assert_eq!(epoch(&poll(renewing.as_mut()).unwrap()), "epoch_2024010112");
}

/// A fetch without a time limit, or one that nobody polled for long: its answer is of the past.
#[test]
fn a_fetch_of_long_ago_is_made_anew() {
    let fetches = Cell::new(0);
    let client = EpochClient::new(&sidecar(), || {
        fetches.set(fetches.get() + 1);
        pending::<Result<EpochTokens, &str>>()
    });
    let call = |at| assert!(poll(Box::pin(client.token(at)).as_mut()).is_none());
    let mut waiting = Box::pin(client.token(noon()));
    assert!(poll(waiting.as_mut()).is_none());
    for (at, expected) in [
        (noon() + seconds(120), 1),
        (noon() + seconds(121), 2),
        (noon() + seconds(241), 2),
        // The clock steps back, and on.
        (noon() - minutes(60), 3),
        (noon() + minutes(60), 4),
    ] {
        call(at);
        assert_eq!(fetches.get(), expected);
        // One that has waited goes on with any.
        assert!(poll(waiting.as_mut()).is_none());
        assert_eq!(fetches.get(), expected);
    }
}

#[test]
fn a_fetch_that_panics_is_over() {
    let fetches = Cell::new(0);
    let client = EpochClient::new(&sidecar(), || {
        fetches.set(fetches.get() + 1);
        let first = fetches.get() == 1;
        async move { if first { panic!("a bug") } else { Ok::<_, &str>(issue(noon())) } }
    });
    let call = || now_or_never(client.token(noon()));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err());
    assert!(call().is_ok());
}
