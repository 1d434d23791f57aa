//! Nothing is allocated for a request.

use allocation_counter::measure;
use palisade_allowlist::{FieldLines, RateKey, RateKeys, TrustPolicy};

use crate::client_support::{FORWARDED, XFF, hops, peer, proxies, ranges};

fn assert_none(policy: &TrustPolicy, from: &str, headers: &(impl FieldLines + ?Sized)) {
    let from = peer(from);
    let info = measure(|| {
        let _ = std::hint::black_box(policy.resolve(from, headers));
    });
    assert_eq!(info.count_total, 0, "{from:?}: {info:?}");
}

#[test]
fn resolving_allocates_nothing() {
    let networks = ["10.0.0.0/8", "2001:db8::/32"];
    let policies = [
        TrustPolicy::direct(),
        ranges(XFF, &networks),
        ranges(FORWARDED, &networks),
        hops(3, XFF, &networks),
        hops(3, FORWARDED, &networks),
        TrustPolicy::single("CF-Connecting-IP", proxies(networks))
            .from_unix_socket_too()
            .build()
            .unwrap(),
    ];
    let long = "10.0.0.1, ".repeat(10_000);
    let string = format!("for=\"{}\"", "\\1".repeat(10_000));
    let headers = [
        vec![
            ("CF-Connecting-IP", "192.0.2.1"),
            ("X-Forwarded-For", "192.0.2.1, 10.0.0.2:80, [2001:db8::1]:1"),
        ],
        vec![(
            "Forwarded",
            "for=192.0.2.1, for=\"\\10.0.0.2\";host=\"a,\\\"b\", for=\"[2001:db8::1]:1\"",
        )],
        vec![("X-Forwarded-For", "x"), ("Forwarded", "\""), ("CF-Connecting-IP", "y")],
        vec![("X-Forwarded-For", &long), ("Forwarded", &string)],
        vec![],
    ];
    for policy in &policies {
        for headers in &headers {
            for from in ["10.0.0.1", "203.0.113.9", "@", "2001:db8::5"] {
                assert_none(policy, from, headers);
                #[cfg(feature = "http")]
                assert_none(policy, from, &map(headers));
            }
        }
    }
}

#[cfg(feature = "http")]
fn map(headers: &[(&str, &str)]) -> http::HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap())
    };
    headers.iter().map(pair).collect()
}

#[test]
fn a_rate_key_allocates_nothing() {
    let address = "2001:db8::1".parse().unwrap();
    let keys = RateKeys::new(24, 56).unwrap();
    let info = measure(|| {
        std::hint::black_box((RateKey::of(address), keys.of(address), keys.of(address).network()));
    });
    assert_eq!(info.count_total, 0, "{info:?}");
}
