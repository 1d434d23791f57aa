//! Tokens that the server refuses before their time.

use std::sync::Arc;

use palisade_session::{EpochClient, EpochUnavailable};

use super::client::{DUE, Server, now_or_never, poll, sidecar};
use super::{issue, minutes, noon, seconds};

#[test]
fn a_refused_token_is_forgotten() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    server.answer(Ok(issue(noon())));
    let old = now_or_never(client.token(noon())).unwrap();
    client.forget(&old);
    server.answer(Ok(issue(noon() + seconds(1))));
    let new = now_or_never(client.token(noon() + seconds(1))).unwrap();
    assert_eq!(server.fetches.get(), 2);
    // Others come with the same old token: no further fetch.
    client.forget(&old);
    assert!(Arc::ptr_eq(&now_or_never(client.token(noon() + seconds(2))).unwrap(), &new));
    assert_eq!(server.fetches.get(), 2);
}

/// The pause after a failed renewal is for callers that have a token.
#[test]
fn a_refused_token_is_replaced_in_the_pause_of_a_renewal() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    server.answer(Ok(issue(noon())));
    let due = noon() + minutes(DUE);
    let token = now_or_never(client.token(noon())).unwrap();
    for second in 0..40 {
        server.answer(Err("down"));
        assert!(now_or_never(client.token(due + seconds(second))).is_ok());
    }
    server.drain();
    let (fetches, paused) = (server.fetches.get(), due + seconds(40));
    assert!(now_or_never(client.token(paused)).is_ok());
    assert_eq!(server.fetches.get(), fetches, "no pause");

    // The failures were not forgotten with it: where the fetch fails once more, the pause is a long one.
    client.forget(&token);
    server.answer(Err("down"));
    assert!(now_or_never(client.token(paused)).is_err());
    assert_eq!(server.fetches.get(), fetches + 1);
    for second in 0..8 {
        assert!(now_or_never(client.token(paused + seconds(second))).is_err());
    }
    assert_eq!(server.fetches.get(), fetches + 1);
}

/// A server may refuse each token that it sends: that must not make two requests of each.
#[test]
fn a_server_that_refuses_each_token_is_asked_less_and_less() {
    let server = Server::default();
    let client = EpochClient::new(&sidecar(), || server.fetch());
    for second in 0..600 {
        let now = noon() + seconds(second);
        server.drain();
        server.answer(Ok(issue(now)));
        match now_or_never(client.token(now)) {
            Ok(token) => client.forget(&token),
            Err(EpochUnavailable::Refused) => {}
            Err(other) => panic!("{other:?}"),
        }
        if second == 1 {
            assert_eq!(server.fetches.get(), 2, "the first refusal is followed by a fetch");
        }
    }
    let fetches = server.fetches.get();
    assert!((12..=30).contains(&fetches), "{fetches}");

    // One that stays to the end of its hour was good, so the next refusal is a first one again.
    server.drain();
    let now = noon() + minutes(15);
    server.answer(Ok(issue(now)));
    now_or_never(client.token(now)).unwrap();
    for hour in 1..3 {
        server.answer(Ok(issue(noon() + minutes(60 * hour))));
        now_or_never(client.token(noon() + minutes(60 * hour))).unwrap();
    }
    for second in 0..2 {
        let now = noon() + minutes(125) + seconds(second);
        server.answer(Ok(issue(now)));
        client.forget(&now_or_never(client.token(now)).unwrap());
        assert!(now_or_never(client.token(now)).is_ok());
    }
}

#[test]
fn a_renewal_does_not_bring_back_what_was_forgotten_meanwhile() {
    for fails in [true, false] {
        let server = Server::default();
        let client = EpochClient::new(&sidecar(), || server.fetch());
        server.answer(Ok(issue(noon())));
        let old = now_or_never(client.token(noon())).unwrap();

        let due = noon() + minutes(DUE);
        let mut renewing = Box::pin(client.token(due));
        assert!(poll(renewing.as_mut()).is_none());
        client.forget(&old);
        server.answer(if fails { Err("down") } else { Ok(issue(due)) });
        match poll(renewing.as_mut()).unwrap() {
            Ok(new) => assert!(!fails && !Arc::ptr_eq(&new, &old)),
            Err(EpochUnavailable::Fetch(error)) => assert!(fails && *error == "down"),
            Err(other) => panic!("{other:?}"),
        }
        assert_eq!(server.fetches.get(), 2);
    }
}
