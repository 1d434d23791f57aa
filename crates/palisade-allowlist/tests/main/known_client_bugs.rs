//! What went wrong elsewhere with the addresses of clients, one test each.

use palisade_allowlist::{AddressRefused, Peer, Provenance, RateKey, TrustPolicy};

use crate::client_support::{FORWARDED, XFF, hops, ip, peer, proxies, ranges, resolve, told};

/// CVE-2026-30827: a server on a dual-stack socket sees IPv4 clients as `::ffff:a.b.c.d`, and all of them have the
/// same /64. One could use up the limit of everybody.
#[test]
fn cve_2026_30827_mapped_clients_have_buckets_of_their_own() {
    let (one, other) = (ip("::ffff:192.0.2.1"), ip("::ffff:192.0.2.2"));
    assert_ne!(RateKey::of(one), RateKey::of(other));
    assert_eq!(RateKey::of(one), RateKey::of(ip("192.0.2.1")));

    let client = TrustPolicy::direct().resolve(one, &[("", ""); 0]).unwrap();
    assert_eq!(client.address(), ip("192.0.2.1"));
}

/// hono, CVE-2026-39409: a rule for an IPv4 address did not hold for its mapped forms.
#[test]
fn cve_2026_39409_mapped_forms_are_ipv4() {
    let forms = ["::ffff:10.0.0.1", "::FFFF:0a00:0001", "0:0:0:0:0:ffff:a00:1", "10.0.0.1"];
    for networks in [["10.0.0.1"], ["::ffff:10.0.0.1"], ["::ffff:a00:0/104"]] {
        let policy = ranges(XFF, &networks);
        for form in forms {
            let client = resolve(&policy, form, "X-Forwarded-For", format!("192.0.2.1, [{form}]"));
            if form != "10.0.0.1" {
                assert_eq!(told(client), (ip("192.0.2.1"), Provenance::Header), "{form}");
            }
            let client = resolve(&policy, form, "X-Forwarded-For", format!("192.0.2.1, {form}"));
            assert_eq!(told(client), (ip("192.0.2.1"), Provenance::Header), "{form}");
        }
    }
}

/// fastify: a policy by hop count did not look at the peer, so that whoever reached the service beside the proxy
/// chose an address.
#[test]
fn fastify_a_hop_count_asks_who_the_peer_is() {
    let policy = hops(1, XFF, &["10.0.0.0/8"]);
    let client = resolve(&policy, "203.0.113.9", "X-Forwarded-For", "127.0.0.1");
    assert_eq!(told(client), (ip("203.0.113.9"), Provenance::Peer));
    let client = resolve(&policy, "10.0.0.1", "X-Forwarded-For", "127.0.0.1, 192.0.2.1");
    assert_eq!(told(client), (ip("192.0.2.1"), Provenance::Header));
}

/// gin, CVE-2020-28483: `X-Forwarded-For` was believed, whoever sent it, and its leftmost address was the client.
#[test]
fn cve_2020_28483_nobody_is_trusted_by_default() {
    let nobody = ranges(XFF, &[]);
    for policy in [&nobody, &TrustPolicy::direct(), &ranges(XFF, &["10.0.0.0/8"])] {
        for header in ["X-Forwarded-For", "X-Real-IP", "Forwarded"] {
            let client = resolve(policy, "203.0.113.9", header, "127.0.0.1");
            assert_eq!(told(client), (ip("203.0.113.9"), Provenance::Peer));
        }
    }
    let client = resolve(
        &ranges(XFF, &["10.0.0.0/8"]),
        "10.0.0.1",
        "X-Forwarded-For",
        "127.0.0.1, 192.0.2.1",
    );
    assert_eq!(
        told(client),
        (ip("192.0.2.1"), Provenance::Header),
        "the left of it is the client's to write"
    );
}

/// `OneUptime#3171`: a request passed if any address of the header was on the allowlist.
#[test]
fn oneuptime_3171_one_address_is_the_clients() {
    let allowed = proxies(["198.51.100.0/24"]);
    let policy = ranges(XFF, &["10.0.0.0/8"]);
    for forged in ["198.51.100.7, 192.0.2.1", "198.51.100.7, 198.51.100.8, 192.0.2.1, 10.0.0.2"] {
        let client = resolve(&policy, "10.0.0.1", "X-Forwarded-For", forged).unwrap();
        assert_eq!(client.address(), ip("192.0.2.1"));
        assert!(allowed.check(client.address()).require().is_err());
    }
}

/// Traefik, CVE-2024-45410: a client named the proxy's headers in `Connection`, and the proxy dropped them. Then the
/// proxy must not be the client.
#[test]
fn cve_2024_45410_a_missing_header_is_a_refusal() {
    let networks = || proxies(["10.0.0.0/8"]);
    let headers = [("Connection", "X-Forwarded-For"), ("X-Forwarded-Host", "example.com")];
    let policies = [
        ranges(XFF, &["10.0.0.0/8"]),
        ranges(FORWARDED, &["10.0.0.0/8"]),
        TrustPolicy::single("CF-Connecting-IP", networks()).from_unix_socket_too().build().unwrap(),
    ];
    for policy in policies {
        for (from, address) in [("10.0.0.1", Some(ip("10.0.0.1"))), ("@", None)] {
            let refused = policy.resolve(peer(from), &headers).unwrap_err();
            assert_eq!(refused, AddressRefused::MissingHeader { peer: address });
            assert_eq!(refused.reason(), "client_header_missing");
        }
    }
    let refused = hops(2, XFF, &["10.0.0.0/8"]).resolve(Peer::UnixSocket, &headers).unwrap_err();
    assert_eq!(refused, AddressRefused::ChainTooShort { found: 0, wanted: 2 });
}

/// A client opens a quote, and a reader that comes from the left takes the address that the proxy appends for a part
/// of the client's string.
#[test]
fn a_quote_swallows_no_hop_that_a_proxy_appended() {
    let policy = ranges(FORWARDED, &["10.0.0.0/8"]);
    for forged in [
        r#"for=""#,
        r#"for="198.51.100.1"#,
        r#"for=198.51.100.1;host=""#,
        r#"for=198.51.100.1;host="\"#,
        r#"for=198.51.100.1;host="\\"#,
        r#"for="198.51.100.1";x="y"z""#,
        r#"""""#,
        "\\",
    ] {
        for appended in [
            "for=192.0.2.1",
            r#"for="192.0.2.1:80""#,
            r#"host="a,\"b\",\\";for=192.0.2.1"#,
            r#"for=192.0.2.1;host="for=10.0.0.1, x""#,
            r#"for="192.0.2.1", for="10.0.0.9:1""#,
        ] {
            let client = resolve(&policy, "10.0.0.1", "Forwarded", format!("{forged}, {appended}"));
            assert_eq!(told(client), (ip("192.0.2.1"), Provenance::Header), "{forged} {appended}");
            let lines = [("Forwarded", forged), ("Forwarded", appended)];
            let client = policy.resolve(peer("10.0.0.1"), &lines);
            assert_eq!(told(client), (ip("192.0.2.1"), Provenance::Header), "{forged} {appended}");
        }
    }
}
