//! The client under clocks that step.

use std::time::Duration;

use palisade_session::{EpochClient, EpochUnavailable};
use proptest::prelude::*;

use super::client::{DUE, Server, epoch, now_or_never, poll, sidecar};
use super::{issue, minutes, noon, seconds};

#[test]
fn a_clock_that_steps_and_returns_loses_nothing() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    server.answer(Ok(issue(noon())));
    now_or_never(client.token(noon())).unwrap();
    for wrong in [noon() - Duration::from_hours(24), noon() + Duration::from_hours(2)] {
        // The server's clock is right.
        server.answer(Ok(issue(noon())));
        let got = now_or_never(client.token(wrong));
        assert!(matches!(got, Err(EpochUnavailable::WrongEpoch)), "{got:?}");
        // Many calls during the pause are no more fetches.
        let fetches = server.fetches.get();
        assert!((0..100).all(|_| now_or_never(client.token(wrong)).is_err()));
        assert_eq!(server.fetches.get(), fetches);

        assert_eq!(epoch(&now_or_never(client.token(noon() + minutes(1)))), "epoch_2024010112");
        assert_eq!(server.fetches.get(), fetches);
    }
}

#[test]
fn a_pause_does_not_outlast_a_step_back() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    // Two hours ahead, and failing.
    server.answer(Err("down"));
    assert!(now_or_never(client.token(noon() + minutes(120))).is_err());
    server.answer(Ok(issue(noon())));
    assert!(now_or_never(client.token(noon())).is_ok());

    // A pause in the refresh window, then a day back and forth.
    server.answer(Err("down"));
    assert!(now_or_never(client.token(noon() + minutes(DUE))).is_ok());
    server.answer(Ok(issue(noon() - minutes(24 * 60))));
    let yesterday = now_or_never(client.token(noon() - minutes(24 * 60)));
    assert_eq!(epoch(&yesterday), "epoch_2023123112");
}

#[test]
fn a_server_half_a_minute_ahead_is_believed() {
    let current = || Ok(issue(noon()));
    for (before, works) in [(30, true), (31, false)] {
        let server = Server::default();
        let client = EpochClient::new(&sidecar(), || server.fetch());
        server.answer(current());
        assert_eq!(now_or_never(client.token(noon() - seconds(before))).is_ok(), works, "{before}");
    }
    // One that is behind sends a token that ended here, and the next one with it.
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    server.answer(Ok(issue(noon() + minutes(60) - seconds(5))));
    assert_eq!(
        epoch(&now_or_never(client.token(noon() + minutes(60) + seconds(5)))),
        "epoch_2024010113"
    );
}

/// The hour may change while a call waits, whose `now` is then of the hour before.
#[test]
fn a_token_that_comes_in_the_next_hour_is_kept_and_given_out() {
    let next_hour = noon() + minutes(60);
    for (before, waits, given) in
        [(40, true, true), (60, true, true), (61, true, false), (40, false, false)]
    {
        let server = Server::default();
        let client = EpochClient::new(&sidecar(), || server.fetch());
        let mut call = Box::pin(client.token(next_hour - seconds(before)));
        if waits {
            assert!(poll(call.as_mut()).is_none());
        }
        server.answer(Ok(issue(next_hour + seconds(1))));
        let got = poll(call.as_mut()).unwrap();
        assert_eq!(got.is_ok(), given, "{before} {waits} {got:?}");
        // Whether or not this call could use it, the next one can.
        let next = now_or_never(client.token(next_hour + seconds(2)));
        assert_eq!((epoch(&next).as_str(), server.fetches.get()), ("epoch_2024010113", 1));
    }

    // A renewal that ends late leaves the living token and the new one.
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    server.answer(Ok(issue(noon())));
    now_or_never(client.token(noon())).unwrap();
    let mut renewing = Box::pin(client.token(next_hour - seconds(40)));
    assert!(poll(renewing.as_mut()).is_none());
    server.answer(Ok(issue(next_hour + seconds(1))));
    assert_eq!(epoch(&poll(renewing.as_mut()).unwrap()), "epoch_2024010112");
    assert_eq!(epoch(&now_or_never(client.token(next_hour))), "epoch_2024010113");
    assert_eq!(server.fetches.get(), 2);
}

/// A server whose clock is wrong does not take away the token that works.
#[test]
fn a_wrong_hour_does_not_replace_the_right_one() {
    for wrong in [noon() - minutes(60), noon() + minutes(240)] {
        let server = Server::default();
        let client = EpochClient::new(&sidecar(), || server.fetch());
        server.answer(Ok(issue(noon())));
        now_or_never(client.token(noon())).unwrap();
        for second in 0..10 {
            server.answer(Ok(issue(wrong)));
            let got = now_or_never(client.token(noon() + minutes(DUE) + seconds(second)));
            assert_eq!(epoch(&got), "epoch_2024010112");
        }
        assert!((3..8).contains(&server.fetches.get()), "{}", server.fetches.get());
    }
}

/// What the model of a client's day may do.
#[derive(Clone, Debug)]
enum Step {
    /// Time passes, on the server and here.
    Pass(u64),
    /// The clock here steps, for good or back.
    Skew(i64),
    /// The server goes down or comes back.
    Toggle,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..2000_u64).prop_map(Step::Pass),
        1 => (-90_000..8_000_i64).prop_map(Step::Skew),
        1 => Just(Step::Skew(0)),
        1 => Just(Step::Toggle),
    ]
}

proptest! {
    /// Whatever happens, no token is given out that does not work by the clock of the call, and with
    /// a right clock and a server that answers, there is one within a minute.
    #[test]
    fn a_day_of_a_client(steps in prop::collection::vec(step(), 1..60)) {
        let server = Server::default();
        let (time, up) = (std::cell::Cell::new(noon()), std::cell::Cell::new(true));
        let client = EpochClient::new(&sidecar(), || {
            server.fetches.set(server.fetches.get() + 1);
            let answer = if up.get() { Ok(issue(time.get())) } else { Err("down") };
            async { answer }
        });
        let mut skew = 0_i64;
        for step in steps {
            match step {
                Step::Pass(n) => time.set(time.get() + seconds(n)),
                Step::Skew(n) => skew = n,
                Step::Toggle => up.set(!up.get()),
            }
            let by = seconds(skew.unsigned_abs());
            let now = if skew < 0 { time.get() - by } else { time.get() + by };
            let before = server.fetches.get();
            let got = now_or_never(client.token(now));
            prop_assert!(server.fetches.get() <= before + 1);
            if let Ok(token) = &got {
                prop_assert!(now < token.epoch().expires_at());
                prop_assert!(now + seconds(30) >= token.epoch().starts_at());
            }
            if up.get() && skew == 0 && got.is_err() {
                time.set(time.get() + seconds(60));
                prop_assert!(now_or_never(client.token(time.get())).is_ok());
            }
        }
    }
}
