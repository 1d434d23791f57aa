//! What runs for each request allocates nothing, or next to nothing.

use allocation_counter::measure;
use palisade_session::{MemoryStore, Origin, Sessions};

use crate::store_faults::FaultyStore;
use crate::support::{Driven, MINUTE, policy, run, sign_in, start, tokens, user};

fn assert_most(most: u64, what: &str, mut work: impl FnMut()) {
    work(); // Whatever is made once is made now.
    let info = measure(work);
    assert!(info.count_total <= most, "{what}: {info:?}");
}

#[test]
fn a_signed_token_is_verified_with_at_most_one_allocation() {
    let signer =
        Sessions::signed(MemoryStore::new(), policy().build().unwrap(), tokens(&["a"])).unwrap();
    let (token, _) = run(sign_in(&signer, &user(), start()));
    let tokens = tokens(&["b", "a"]);
    assert_most(1, "verify", || drop(tokens.verify(&token, start()).unwrap()));
}

#[test]
fn a_refusal_of_a_malformed_token_allocates_nothing() {
    let tokens = tokens(&["a"]);
    let opaque = Sessions::opaque(FaultyStore::default(), policy().build().unwrap());
    let good = crate::support::sign(
        crate::support::HEADER,
        &crate::support::payload(&[]),
        &crate::support::mac_key("a"),
    );
    let last = if good.ends_with('A') { 'B' } else { 'A' };
    let wrong = format!("{}{last}", &good[..good.len() - 1]);
    let texts = [
        String::new(),
        "a".into(),
        "..".into(),
        "x.y.z.w".into(),
        ".".repeat(1 << 20),
        "é".repeat(30),
        wrong,
    ];
    for text in &texts[..] {
        if text != ".." {
            let what = format!("refuse {} bytes", text.len());
            assert_most(0, &what, || assert!(tokens.verify(text, start()).is_err()));
        }
        let origin = Origin::unknown();
        let mut calls = (0..2).map(|_| Driven::new(opaque.validate(text, &origin, start())));
        let (mut first, mut second) = (calls.next().unwrap(), calls.next().unwrap());
        assert!(first.poll().unwrap().is_err());
        let info = measure(|| assert!(second.poll().unwrap().is_err()));
        assert_eq!(info.count_total, 0, "{info:?}");
    }
}

/// A session that was read a moment ago: form, digest, times, watches.
#[test]
fn a_cached_validation_allocates_at_most_once() {
    let policy = policy().cache(10, MINUTE).build().unwrap();
    let opaque = Sessions::opaque(MemoryStore::new(), policy.clone());
    let signed = Sessions::signed(MemoryStore::new(), policy, tokens(&["a"])).unwrap();
    for (sessions, most) in [(opaque, 0), (signed, 1)] {
        let (token, _) = run(sign_in(&sessions, &user(), start()));
        let origin = Origin::unknown();
        run(sessions.validate(&token, &origin, start())).unwrap();
        let mut again = Driven::new(sessions.validate(&token, &origin, start()));
        let info = measure(|| assert!(again.poll().unwrap().is_ok()));
        assert!(info.count_total <= most, "{info:?}");
    }
}
