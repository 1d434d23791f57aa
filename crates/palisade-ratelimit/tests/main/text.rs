//! Quotas as text.

use std::time::Duration;

use palisade_ratelimit::{
    InvalidQuota, InvalidQuotaText, PER_DAY, PER_HOUR, PER_MINUTE, PER_SECOND, Quota,
};
use proptest::prelude::*;

fn bucket(capacity: u32, tokens: u32, period: Duration) -> Quota {
    Quota::bucket(capacity).refill(tokens, period).unwrap()
}

#[test]
fn texts_are_read() {
    for (text, quota) in [
        ("100/min", bucket(100, 100, PER_MINUTE)),
        ("1000 + 100/s", bucket(1_000, 100, PER_SECOND)),
        ("1000+100/s", bucket(1_000, 100, PER_SECOND)),
        ("  1000  +  100  /  s  ", bucket(1_000, 100, PER_SECOND)),
        ("5/90s", bucket(5, 5, 90 * PER_SECOND)),
        ("5 / 90 s", bucket(5, 5, 90 * PER_SECOND)),
        ("20/15min", bucket(20, 20, 15 * PER_MINUTE)),
        ("7 + 1/333334us", bucket(7, 1, Duration::from_micros(333_334))),
        ("1/1ms", bucket(1, 1, Duration::from_millis(1))),
        ("007/s", bucket(7, 7, PER_SECOND)),
        ("10000/day fixed", Quota::window(10_000, PER_DAY).unwrap()),
        ("10000/1day  fixed ", Quota::window(10_000, PER_DAY).unwrap()),
        ("3/6h fixed", Quota::window(3, 6 * PER_HOUR).unwrap()),
        ("3/6 h fixed", Quota::window(3, 6 * PER_HOUR).unwrap()),
        ("4294967295/day", bucket(u32::MAX, u32::MAX, PER_DAY)),
        ("1/400day", bucket(1, 1, 400 * PER_DAY)),
    ] {
        assert_eq!(text.parse(), Ok(quota), "{text}");
    }
}

#[test]
fn what_is_no_quota_is_told() {
    use InvalidQuotaText as E;
    for (text, error) in [
        ("", E::Shape),
        ("100", E::Shape),
        ("/min", E::Shape),
        ("100 + /min", E::Shape),
        ("+ 100/min", E::Shape),
        ("unlimited", E::Shape),
        (&" ".repeat(1 << 20), E::Shape),
        (&format!("{}1/s", "0".repeat(1 << 20)), E::Shape),
        ("1,000/min", E::Number),
        ("1_000/min", E::Number),
        ("1 000/min", E::Number),
        ("1k/min", E::Number),
        ("1.5/min", E::Number),
        ("-1/min", E::Number),
        ("++1/min", E::Shape),
        ("1 + 2 + 3/min", E::Number),
        ("٣/min", E::Number),
        ("100\t/min", E::Number),
        ("4294967296/day", E::Number),
        ("99999999999999999999/day", E::Number),
        ("1/99999999999999999999us", E::Number),
        ("100/", E::Period),
        ("100/0x1s", E::Period),
        ("100/1.5s", E::Period),
        ("100/-1s", E::Period),
        ("100/min/min", E::Period),
        ("100/Min", E::Period),
        ("100/minute", E::Period),
        ("100/month", E::Period),
        ("100/min Fixed", E::Period),
        ("100/minfixed", E::Period),
        ("100/min fixed fixed", E::Period),
        ("100/fixed", E::Period),
        ("100/min\n", E::Period),
        ("100/m", E::Minute),
        ("100/5m", E::Minute),
        ("100/5 m fixed", E::Minute),
        ("100 + 10/s fixed", E::FixedAndRefilled),
        ("0/min", E::Quota(InvalidQuota::NoCapacity)),
        ("0 + 1/min", E::Quota(InvalidQuota::NoCapacity)),
        ("1 + 0/min", E::Quota(InvalidQuota::NoRefill)),
        ("1/0s", E::Quota(InvalidQuota::NoPeriod)),
        ("1000001/s", E::Quota(InvalidQuota::TooFast)),
        ("1/401day", E::Quota(InvalidQuota::TooLong)),
        ("1/18446744073709551615day", E::Quota(InvalidQuota::TooLong)),
        ("1/999us fixed", E::Quota(InvalidQuota::TooShort)),
        ("0/day fixed", E::Quota(InvalidQuota::NoCapacity)),
    ] {
        assert_eq!(text.parse::<Quota>(), Err(error), "{text}");
        assert!(error.to_string().len() > 20);
    }
}

#[test]
fn quotas_are_written_as_a_person_would() {
    for text in [
        "100/min",
        "1000 + 100/s",
        "100 + 10/s",
        "10 + 100/s",
        "10 + 100/min",
        "5/90s",
        "20/15min",
        "10 + 1/h",
        "3/s",
        "7 + 3/s",
        "7 + 1/333335us",
        "600/min",
        "1/400day",
        "1000000/s",
        "10000/day fixed",
        "10000/90s fixed",
        "1/1001us fixed",
        "1/ms fixed",
    ] {
        assert_eq!(text.parse::<Quota>().unwrap().to_string(), text);
    }
}

fn any_quota() -> impl Strategy<Value = Quota> {
    let capacity = prop_oneof![1..20_u32, 1..10_000_u32, 1..=u32::MAX];
    let period = prop_oneof![
        prop::sample::select(vec![PER_SECOND, PER_MINUTE, PER_HOUR, PER_DAY]),
        (1..1_000_000_u64).prop_map(Duration::from_micros),
        (1..500_000_u64).prop_map(Duration::from_secs),
        (1..=400 * 86_400_000_000_u64).prop_map(Duration::from_micros),
        (1..1_000_000_000_000_u64).prop_map(Duration::from_nanos),
    ];
    (capacity.clone(), capacity, period, prop::bool::weighted(0.2)).prop_filter_map(
        "the builder refuses it",
        |(capacity, tokens, period, is_window)| {
            if is_window {
                Quota::window(capacity, period).ok()
            } else {
                Quota::bucket(capacity).refill(tokens, period).ok()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, max_global_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn a_quota_comes_back_from_its_text(quota in any_quota()) {
        let text = quota.to_string();
        prop_assert_eq!(text.parse(), Ok(quota), "{}", text);
        prop_assert!(text.len() <= 38, "{}", text);
    }

    #[test]
    fn no_text_breaks_the_reader(text in r"[0-9 +/smfixedhayu]{0,30}|\PC{0,40}") {
        if let Ok(quota) = text.parse::<Quota>() {
            prop_assert_eq!(quota.to_string().parse(), Ok(quota));
        }
    }
}
