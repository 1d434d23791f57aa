//! The client: one fetch for all, and the old token while it lives. Gates, no sleeps.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use palisade_session::{EpochClient, EpochToken, EpochTokens, EpochUnavailable};

use super::{issue, minutes, noon, seconds};

/// What the server answers, in order; a fetch waits until there is something.
#[derive(Default)]
pub(super) struct Server {
    answers: RefCell<VecDeque<Result<EpochTokens, &'static str>>>,
    pub(super) fetches: Cell<usize>,
}

impl Server {
    pub(super) fn answer(&self, answer: Result<EpochTokens, &'static str>) {
        self.answers.borrow_mut().push_back(answer);
    }

    /// Takes back what it was to answer.
    pub(super) fn drain(&self) {
        self.answers.borrow_mut().clear();
    }

    pub(super) async fn fetch(&self) -> Result<EpochTokens, &'static str> {
        self.fetches.set(self.fetches.get() + 1);
        std::future::poll_fn(|_| match self.answers.borrow_mut().pop_front() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }
}

pub(super) fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

pub(super) type Got = Result<Arc<EpochToken>, EpochUnavailable<&'static str>>;

/// A call that does not wait.
pub(super) fn now_or_never(call: impl Future<Output = Got>) -> Got {
    poll(pin!(call)).expect("the call waits")
}

pub(super) fn epoch(got: &Got) -> String {
    got.as_ref().unwrap().epoch().to_string()
}

pub(super) fn sidecar() -> palisade_session::SidecarId {
    "sc_1".parse().unwrap()
}

/// A time at which a new token is due for every client.
pub(super) const DUE: u64 = 59;

#[test]
fn a_hundred_callers_are_one_fetch() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    let mut calls: Vec<_> = (0..100).map(|_| Box::pin(client.token(noon()))).collect();
    for call in &mut calls {
        assert!(poll(call.as_mut()).is_none());
    }
    assert_eq!(server.fetches.get(), 1);
    server.answer(Ok(issue(noon())));
    let tokens: Vec<_> =
        calls.iter_mut().map(|call| poll(call.as_mut()).unwrap().unwrap()).collect();
    assert!(tokens.iter().all(|token| Arc::ptr_eq(token, &tokens[0])));
    assert_eq!(epoch(&now_or_never(client.token(noon() + minutes(54)))), "epoch_2024010112");
    assert_eq!(server.fetches.get(), 1);
}

#[test]
fn those_who_waited_for_a_failure_share_it() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    let mut calls: Vec<_> = (0..100).map(|_| Box::pin(client.token(noon()))).collect();
    for call in &mut calls {
        assert!(poll(call.as_mut()).is_none());
    }
    server.answer(Err("down"));
    let mut errors = calls.iter_mut().map(|call| match poll(call.as_mut()).unwrap() {
        Err(EpochUnavailable::Fetch(error)) => error,
        other => panic!("{other:?}"),
    });
    let first = errors.next().unwrap();
    assert!(errors.all(|error| Arc::ptr_eq(&error, &first)));
    assert_eq!((server.fetches.get(), *first), (1, "down"));

    // During the pause they get it as well, and after it one fetches again.
    assert!(now_or_never(client.token(noon())).is_err());
    assert_eq!(server.fetches.get(), 1);
    server.answer(Ok(issue(noon())));
    assert!(now_or_never(client.token(noon() + seconds(1))).is_ok());
    assert_eq!(server.fetches.get(), 2);
}

/// A fetch may take long: those who came while it ran came after the pause that it leads to.
#[test]
fn those_who_came_later_share_the_failure_too() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    let mut calls: Vec<_> = (0..100).map(|n| Box::pin(client.token(noon() + seconds(n)))).collect();
    for call in &mut calls {
        assert!(poll(call.as_mut()).is_none());
    }
    server.answer(Err("down"));
    for call in &mut calls {
        assert!(matches!(poll(call.as_mut()).unwrap(), Err(EpochUnavailable::Fetch(_))));
    }
    assert_eq!(server.fetches.get(), 1);
}

#[test]
fn one_renews_and_the_others_do_not_wait() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    server.answer(Ok(issue(noon())));
    now_or_never(client.token(noon())).unwrap();

    let due = noon() + minutes(DUE);
    let mut renewing = Box::pin(client.token(due));
    assert!(poll(renewing.as_mut()).is_none());
    for _ in 0..100 {
        assert_eq!(epoch(&now_or_never(client.token(due))), "epoch_2024010112");
    }
    assert_eq!(server.fetches.get(), 2);
    server.answer(Ok(issue(due)));
    // The token for the next hour is held, and not used before.
    assert_eq!(epoch(&poll(renewing.as_mut()).unwrap()), "epoch_2024010112");
    assert_eq!(
        epoch(&now_or_never(client.token(noon() + minutes(60) - seconds(1)))),
        "epoch_2024010112"
    );
    assert_eq!(epoch(&now_or_never(client.token(noon() + minutes(60)))), "epoch_2024010113");
    assert_eq!(server.fetches.get(), 2);
}

#[test]
fn a_failed_renewal_leaves_the_old_token_and_pauses() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    server.answer(Ok(issue(noon())));
    now_or_never(client.token(noon())).unwrap();

    // Every second of the last minute: each call has a token, and the fetches get rarer.
    for second in 0..60 {
        server.answer(Err("down"));
        let got = now_or_never(client.token(noon() + minutes(DUE) + seconds(second)));
        assert_eq!(epoch(&got), "epoch_2024010112");
    }
    let fetches = server.fetches.get() - 1;
    assert!((5..=9).contains(&fetches), "{fetches}");

    // At its end the pause ends too: one fetch at once, and its answer for all.
    server.drain();
    server.answer(Ok(issue(noon() + minutes(60))));
    assert_eq!(epoch(&now_or_never(client.token(noon() + minutes(60)))), "epoch_2024010113");
    assert_eq!(server.fetches.get(), fetches + 2);
}

#[test]
fn an_ended_token_is_never_used() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    server.answer(Ok(issue(noon())));
    now_or_never(client.token(noon())).unwrap();
    for after in [0, 1, 1000, 100_000] {
        server.answer(Err("down"));
        let end = noon() + minutes(60) + seconds(after);
        assert!(matches!(now_or_never(client.token(end)), Err(EpochUnavailable::Fetch(_))));
    }
}

#[test]
fn a_renewal_that_brings_nothing_new_is_no_loop() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    server.answer(Ok(issue(noon())));
    now_or_never(client.token(noon())).unwrap();
    // A server whose clock is behind knows of no next token yet.
    for _ in 0..1000 {
        server.answer(Ok(issue(noon())));
        let got = now_or_never(client.token(noon() + minutes(DUE)));
        assert_eq!(epoch(&got), "epoch_2024010112");
    }
    assert_eq!(server.fetches.get(), 2);
    // The pause has no error to tell: without a token a call fetches.
    server.drain();
    server.answer(Ok(issue(noon() + minutes(60))));
    assert_eq!(epoch(&now_or_never(client.token(noon() + minutes(60)))), "epoch_2024010113");
}

#[test]
fn tokens_of_a_wrong_hour_are_an_error() {
    let next = || issue(noon() + minutes(55)).next;
    let wrong: [(EpochTokens, SystemTime); 5] = [
        // Ended; not begun; a next one that does not follow, twice; one that is the same.
        (issue(noon()), noon() + minutes(60)),
        (issue(noon() + minutes(60)), noon()),
        (
            EpochTokens {
                current: issue(noon()).current,
                next: Some(issue(noon() + minutes(120)).current),
            },
            noon(),
        ),
        (
            EpochTokens {
                current: issue(noon() + minutes(60)).current,
                next: Some(issue(noon()).current),
            },
            noon(),
        ),
        (EpochTokens { current: issue(noon()).current, next: Some(issue(noon()).current) }, noon()),
    ];
    for (tokens, now) in wrong {
        let server = Server::default();
        let client = EpochClient::new(&sidecar(), || server.fetch());
        server.answer(Ok(tokens));
        let got = now_or_never(client.token(now));
        assert!(matches!(got, Err(EpochUnavailable::WrongEpoch)), "{got:?}");
        assert_eq!(got.unwrap_err().reason(), "epoch_wrong");
        server.answer(Ok(EpochTokens { current: issue(noon()).current, next: next() }));
        assert!(now_or_never(client.token(noon() + seconds(2))).is_ok());
    }
}

#[test]
fn errors_say_little_and_have_a_source() {
    let error = EpochUnavailable::Fetch(Arc::new(std::io::Error::other("secret detail")));
    assert_eq!(
        (error.to_string().as_str(), error.reason()),
        ("no epoch token could be fetched", "epoch_fetch")
    );
    assert_eq!(std::error::Error::source(&error.clone()).unwrap().to_string(), "secret detail");
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    assert_eq!(format!("{client:?}"), "EpochClient(..)");
}
