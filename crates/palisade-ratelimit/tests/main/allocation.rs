//! A decision allocates nothing.

use palisade_ratelimit::{HeaderStyle, MemoryLimiter, Request, TierState, preset::glassmkr};

use crate::samples::{NOON, at};

#[test]
fn a_decision_over_four_tiers_does_not_allocate() {
    let limiter = MemoryLimiter::new(1_000).unwrap();
    let ask = || {
        let request = Request::new(&glassmkr::PER_ACCOUNT, "acct")
            .within(&glassmkr::PER_KEY, "key")
            .within(&glassmkr::PER_IP, "192.0.2.7")
            .within(&glassmkr::PER_IP, "192.0.2.8");
        let allowed = limiter.check(&request, at(NOON)).require().is_ok();
        let one = limiter.peek(&Request::new(&glassmkr::PER_IP, "192.0.2.7"), at(NOON));
        (allowed, one.tightest().map(TierState::remaining))
    };
    ask();
    let counted = allocation_counter::measure(|| {
        for n in 0..300 {
            let (_, remaining) = ask();
            assert_eq!(remaining, Some(100), "round {n}");
        }
    });
    assert_eq!(counted.count_total, 0);
    let decision = limiter.check(&Request::new(&glassmkr::PER_IP, "k"), at(NOON));
    let counted =
        allocation_counter::measure(|| drop(decision.headers(HeaderStyle::Draft, at(NOON))));
    assert!(counted.count_total <= 6, "{}", counted.count_total);
}
