//! How long a signature is accepted, and how long it is remembered.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use palisade_webhook::{
    MemoryReplays, MessageRefused, MessageRequest, MessageSigner, MessageVerifier, ReplayError,
    ReplayGuard, Sighting,
};

use super::{BODY, HEADERS, URI, now, shared, sign, signer, verifier, with};

/// A store in memory has nothing to wait for.
fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future waits"),
    }
}

#[test]
fn time_is_held_both_ways() {
    let headers = sign(&signer(), BODY);
    let request = MessageRequest::new("POST", URI, &headers).unwrap();
    let at = |late: i64| {
        let off = Duration::from_secs(late.unsigned_abs());
        let then = if late < 0 { now() - off } else { now() + off };
        verifier().verify(&request, BODY, then).map(|verified| {
            let _ = Sighting::from(&verified);
        })
    };
    assert_eq!((at(-300), at(0), at(300)), (Ok(()), Ok(()), Ok(())));
    assert_eq!(at(301), Err(MessageRefused::TooOld));
    assert_eq!(at(-301), Err(MessageRefused::TooNew));
    assert_eq!(at(-1_700_000_001), Err(MessageRefused::TooNew), "before 1970");

    let short = MessageSigner::builder("a".parse().unwrap(), shared());
    let short = short.expires_after(Duration::from_secs(10)).build().unwrap();
    let headers = sign(&short, BODY);
    let request = MessageRequest::new("POST", URI, &headers).unwrap();
    let at = |late| verifier().verify(&request, BODY, now() + Duration::from_secs(late)).map(drop);
    assert_eq!((at(9), at(10)), (Ok(()), Err(MessageRefused::Expired)));

    let none = MessageVerifier::builder().key("a".parse().unwrap(), shared());
    let none = none.tolerance(Duration::ZERO).build().unwrap();
    assert!(none.verify(&request, BODY, now()).is_ok());
    let late = none.verify(&request, BODY, now() + Duration::from_secs(1));
    assert_eq!(late.unwrap_err(), MessageRefused::TooOld);
}

/// What the guard keeps is what the verifier takes, however short its own retention is.
#[test]
fn a_message_passes_the_guard_once_while_it_is_accepted() {
    let verifier = MessageVerifier::builder().key("a".parse().unwrap(), shared());
    let verifier = verifier.build().unwrap();
    // Signed with a clock ahead, behind and on time, with an end and without.
    for (created, life) in
        [(300, None), (0, None), (-300, None), (300, Some(600)), (0, Some(30)), (-299, Some(300))]
    {
        let signer = MessageSigner::builder("a".parse().unwrap(), shared());
        let signer = match life {
            Some(life) => signer.expires_after(Duration::from_secs(life)),
            None => signer,
        };
        let off = Duration::from_secs(i64::unsigned_abs(created));
        let signed_at = if created < 0 { now() - off } else { now() + off };
        let request = MessageRequest::new("POST", URI, &HEADERS).unwrap();
        let headers = with(&signer.build().unwrap().sign(&request, BODY, signed_at).unwrap());
        let request = MessageRequest::new("POST", URI, &headers).unwrap();
        for later in 1..1_000 {
            // A new one each time, for a store may keep a message longer when it comes again.
            let guard = ReplayGuard::builder(MemoryReplays::new(9), "only");
            let guard = guard.retention(Duration::from_nanos(1)).build().unwrap();
            let admit = |at| {
                let verified = verifier.verify(&request, BODY, at).ok()?;
                Some(now_or_never(guard.admit(&verified, at)))
            };
            assert!(matches!(admit(now()), Some(Ok(_))));
            let again = admit(now() + Duration::from_secs(later) - Duration::from_nanos(1));
            let held = matches!(again, None | Some(Err(ReplayError::Duplicate)));
            assert!(held, "{created} {life:?} {later}: {again:?}");
        }
    }
}
