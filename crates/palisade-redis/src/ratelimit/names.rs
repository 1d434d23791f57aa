//! What counters are called on the server.

use std::fmt::Write;

use palisade_ratelimit::{Kind, Request, Tier};
use sha2::{Digest, Sha256};

use crate::Namespace;

/// The name of the counter of each tier, in their order.
///
/// `<namespace>:rl:{<key of the first tier>}:<policy>:<quota>`, and for all tiers but the first `:<key>`. The
/// part in braces decides in which slot of a Cluster a key lies, so the tiers of a request lie in one. The quota
/// is `b` or `w`, the capacity, `-`, and the interval in microseconds: a counter belongs to the name and the
/// quota together.
pub(super) fn names(namespace: &Namespace, request: &Request<'_, '_>) -> Vec<String> {
    request.tiers().iter().map(|tier| name(namespace, tier)).collect()
}

fn name(namespace: &Namespace, tier: &Tier<'_, '_>) -> String {
    let quota = tier.policy().quota();
    let kind = if quota.kind() == Kind::Window { 'w' } else { 'b' };
    let mut name = String::with_capacity(160);
    name.push_str(namespace.as_str());
    name.push_str(":rl:{");
    push_part(&mut name, tier.group().unwrap_or(tier.key()));
    name.push_str("}:");
    name.push_str(tier.policy().name());
    // Writing to a text does not fail.
    let _ = write!(name, ":{kind}{}-{}", quota.capacity(), quota.interval().as_micros());
    if tier.group().is_some() {
        name.push(':');
        push_part(&mut name, tier.key());
    }
    name
}

/// The longest key that is part of a name as it is.
const LONGEST: usize = 64;

/// A key that is short and harmless as it is, and the SHA-256 of any other after a `#`, which no harmless key
/// holds: so no two keys meet, and braces, line breaks and a megabyte do no harm.
fn push_part(name: &mut String, key: &[u8]) {
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b"._:@/-".contains(byte);
    if let Ok(text) = str::from_utf8(key)
        && (1..=LONGEST).contains(&key.len())
        && key.iter().all(harmless)
    {
        name.push_str(text);
        return;
    }
    name.push('#');
    for byte in Sha256::digest(key) {
        // Writing to a text does not fail.
        let _ = write!(name, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use palisade_ratelimit::{PER_DAY, Policy, Quota};

    use super::*;

    fn bucket() -> Policy {
        Policy::new("per-account", Quota::per_minute(10).unwrap()).unwrap()
    }

    fn window() -> Policy {
        Policy::new("a.day", Quota::window(10, PER_DAY).unwrap()).unwrap()
    }

    fn of(request: &Request<'_, '_>) -> Vec<String> {
        names(&Namespace::new("shop").unwrap(), request)
    }

    #[test]
    fn harmless_keys_are_readable() {
        let (account, day) = (bucket(), window());
        let request = Request::new(&account, "acct_42")
            .within(&day, "2001:db8::/64")
            .within(&account, "me@example.com");
        assert_eq!(
            of(&request),
            [
                "shop:rl:{acct_42}:per-account:b10-6000000",
                "shop:rl:{acct_42}:a.day:w10-86400000000:2001:db8::/64",
                "shop:rl:{acct_42}:per-account:b10-6000000:me@example.com",
            ]
        );
    }

    #[test]
    fn other_keys_are_hashed() {
        let policy = bucket();
        let long = "a".repeat(65);
        let huge = vec![0; 1 << 20];
        let keys: [&[u8]; 9] = [
            b"",
            b"}{",
            b"a\r\nb",
            b"a b",
            b"#",
            "\u{e9}".as_bytes(),
            b"\xff",
            long.as_bytes(),
            &huge,
        ];
        let mut seen = Vec::new();
        for key in keys {
            let name = of(&Request::new(&policy, key)).remove(0);
            let rest = name.strip_prefix("shop:rl:{#").unwrap();
            let (hash, rest) = rest.split_once('}').unwrap();
            assert_eq!((hash.len(), rest), (64, ":per-account:b10-6000000"));
            assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert!(!seen.contains(&name));
            seen.push(name);
        }
    }

    #[test]
    fn a_key_that_looks_like_a_hash_is_another() {
        let policy = bucket();
        let [hashed] = <[String; 1]>::try_from(of(&Request::new(&policy, "a b"))).unwrap();
        let inner = hashed.split(['{', '}']).nth(1).unwrap().to_owned();
        assert_ne!(of(&Request::new(&policy, &inner)), [hashed]);
    }

    #[test]
    fn tiers_do_not_meet() {
        let policy = bucket();
        let alone = of(&Request::new(&policy, "a")).remove(0);
        let within = of(&Request::new(&policy, "a").within(&policy, "a")).remove(1);
        let colon = of(&Request::new(&policy, "a").within(&policy, "b:c")).remove(1);
        let other = of(&Request::new(&policy, "a:b").within(&policy, "c")).remove(1);
        let mut all = vec![alone, within, colon, other];
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 4);
    }
}
