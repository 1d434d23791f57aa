use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;

fn parse(url: &str) -> Result<Target, InvalidTarget> {
    Target::parse(url, Loopback::Refuse)
}

#[test]
fn what_is_sent() {
    for (url, authority, port, path) in [
        ("https://example.com", "example.com", 443, "/"),
        ("https://example.com:443/", "example.com", 443, "/"),
        ("https://example.com:8443/a/../b?x=1&y=%20", "example.com:8443", 8443, "/b?x=1&y=%20"),
        ("HTTPS://EXAMPLE.com/A", "example.com", 443, "/A"),
        ("https://example.com./in", "example.com", 443, "/in"),
        ("https://example.com?q", "example.com", 443, "/?q"),
        ("https://bücher.example/ü", "xn--bcher-kva.example", 443, "/%C3%BC"),
        ("https://a_b.example/", "a_b.example", 443, "/"),
        ("https://[2606:4700::1]:8443/", "[2606:4700::1]:8443", 8443, "/"),
        ("https://[2606:4700::1]/", "[2606:4700::1]", 443, "/"),
        ("https://1.1.1.1:1/", "1.1.1.1:1", 1, "/"),
        ("https://1.1.1.1:65535/", "1.1.1.1:65535", 65535, "/"),
        ("https://example.com/@me?mail=a@b", "example.com", 443, "/@me?mail=a@b"),
        ("https://example.com/{a}|\"b\"?{a}|b^`", "example.com", 443, "/%7Ba%7D|%22b%22?{a}|b^`"),
    ] {
        let target = parse(url).unwrap();
        assert_eq!(target.authority(), authority, "{url}");
        assert_eq!((target.port(), target.path().to_string().as_str()), (port, path), "{url}");
    }
}

#[test]
fn an_address_is_one_in_every_spelling() {
    let loopback = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "2130706433",
        "127.0.0.1.",
        "0X7F.0.0.0x1",
        "１２７.０.０.１",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "%31%32%37.0.0.1",
        "127.0.0.%31",
    ] {
        let target = parse(&format!("https://{host}/")).unwrap();
        assert_eq!((target.address(), target.name()), (loopback, None), "{host}");
    }
    for host in ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:FFFF:7F00:0001]"] {
        let address = parse(&format!("https://{host}/")).unwrap().address();
        assert_eq!(address.map(|address| address.to_canonical()), loopback, "{host}");
    }
    let v6 = parse("https://[0:0::1]/").unwrap().address();
    assert_eq!(v6, Some(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    // Names that only look like addresses are names: their addresses are judged when they are known.
    for host in ["127.0.0.1.nip.io", "localhost.example", "1e100.net"] {
        assert!(parse(&format!("https://{host}/")).unwrap().name().is_some(), "{host}");
    }
}

#[test]
fn what_is_refused() {
    use InvalidTarget as E;
    for (url, expected) in [
        ("", E::Form),
        ("example.com", E::Form),
        ("/in", E::Form),
        ("//example.com/", E::Form),
        ("https:example.com", E::Form),
        ("https:/example.com", E::Form),
        ("http://example.com/", E::Scheme),
        ("http://127.0.0.1/", E::Scheme),
        ("ftp://example.com/", E::Scheme),
        ("file:///etc/passwd", E::Scheme),
        ("gopher://example.com/", E::Scheme),
        ("unix://run/socket", E::Scheme),
        ("wss://example.com/", E::Scheme),
        ("javascript://example.com/", E::Scheme),
        ("https://", E::Host),
        ("https:///example.com/", E::Host),
        ("https://?q", E::Host),
        ("https://:443/", E::Host),
        ("https://./", E::Host),
        ("https://../", E::Host),
        ("https://a..b/", E::Host),
        ("https://example.com../", E::Host),
        ("https://-a.example/", E::Host),
        ("https://a b/", E::Character),
        ("https://exa\nmple.com/", E::Character),
        ("https://exa\tmple.com/", E::Character),
        (" https://example.com/", E::Character),
        ("https://example.com\\@127.0.0.1/", E::Character),
        ("https:\\\\example.com/", E::Character),
        ("https://example.com/\u{0}", E::Character),
        ("https://example.com/\u{2028}", E::Character),
        ("https://a*b.example/", E::Host),
        ("https://a%00b.example/", E::Host),
        ("https://a%2fb.example/", E::Host),
        ("https://a%40b.example/", E::Host),
        ("https://256.0.0.1/", E::Host),
        ("https://1.2.3.4.5/", E::Host),
        ("https://0x100000000/", E::Host),
        ("https://[::1/", E::Host),
        ("https://[::1%25eth0]/", E::Host),
        ("https://[fe80::1%eth0]/", E::Host),
        ("https://xn--a/", E::Host),
        ("https://user@example.com/", E::UserInfo),
        ("https://user:hunter2@example.com/", E::UserInfo),
        ("https://@example.com/", E::UserInfo),
        ("https://:@example.com/", E::UserInfo),
        ("https://example.com@127.0.0.1/", E::UserInfo),
        ("https://localhost/", E::SingleLabel),
        ("https://LOCALHOST./", E::SingleLabel),
        ("https://intranet:8443/in", E::SingleLabel),
        ("https://example.com:0/", E::Port),
        ("https://example.com:65536/", E::Port),
        ("https://example.com:-1/", E::Port),
        ("https://example.com:８０/", E::Port),
        ("https://example.com:x/", E::Port),
        ("https://example.com/#", E::Fragment),
        ("https://example.com/#hunter2", E::Fragment),
    ] {
        assert_eq!(parse(url).map(|target| target.to_string()), Err(expected), "{url}");
        assert!(!expected.to_string().contains("hunter2"));
    }
}

#[test]
fn lengths() {
    let url = |len| format!("https://example.com/{}", "a".repeat(len - 20));
    assert!(parse(&url(MAX_URL)).is_ok());
    assert_eq!(parse(&url(MAX_URL + 1)).err(), Some(InvalidTarget::TooLong));
    // Each of these takes six bytes once it is sent.
    let longer = format!("https://example.com/{}", "ü".repeat(400));
    assert_eq!(parse(&longer).err(), Some(InvalidTarget::TooLong));
    let label = |len| format!("https://{}.example/", "a".repeat(len));
    assert!(parse(&label(63)).is_ok());
    assert_eq!(parse(&label(64)).err(), Some(InvalidTarget::Host));
}

#[test]
fn plain_http_where_loopback_is_open() {
    let target = Target::parse("http://localhost/x", Loopback::Allow).unwrap();
    assert_eq!((target.port(), target.tls_name()), (80, None));
    assert_eq!(target.authority(), "localhost");
    assert!(Target::parse("ftp://localhost/", Loopback::Allow).is_err());
}

#[test]
fn the_secret_part_is_not_shown() {
    let target = parse("https://example.com/hunter2?hunter2").unwrap();
    assert_eq!(target.to_string(), "https://example.com:443");
    assert!(!format!("{target:?}").contains("hunter2"));
}
