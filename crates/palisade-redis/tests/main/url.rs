//! URLs and options.

use std::time::Duration;

use palisade_redis::{InvalidUrl, RedisOptions};

#[test]
fn every_form_of_url_is_read() {
    let urls = [
        (
            "redis://localhost",
            r#"[Node { host: "localhost", port: 6379 }], cluster: false, database: 0"#,
        ),
        (
            "redis://10.0.0.7:7000",
            r#"[Node { host: "10.0.0.7", port: 7000 }], cluster: false, database: 0"#,
        ),
        (
            "redis://redis_1.internal:1/",
            r#"[Node { host: "redis_1.internal", port: 1 }], cluster: false, database: 0"#,
        ),
        ("redis://h/15", r#"[Node { host: "h", port: 6379 }], cluster: false, database: 15"#),
        (
            "redis://u:p@h:65535/1",
            r#"[Node { host: "h", port: 65535 }], cluster: false, database: 1"#,
        ),
        (
            "redis://:p@[::1]:7000",
            r#"[Node { host: "::1", port: 7000 }], cluster: false, database: 0"#,
        ),
        (
            "redis://[2001:DB8::7]",
            r#"[Node { host: "2001:db8::7", port: 6379 }], cluster: false, database: 0"#,
        ),
        ("redis-cluster://a:1", r#"[Node { host: "a", port: 1 }], cluster: true, database: 0"#),
        (
            "redis-cluster://u:p@a:1,[::1]:2,c",
            r#"[Node { host: "a", port: 1 }, Node { host: "::1", port: 2 }, Node { host: "c", port: 6379 }], cluster: true, database: 0"#,
        ),
    ];
    for (url, nodes) in urls {
        let shown = format!("{:?}", RedisOptions::parse(url).unwrap());
        assert!(shown.contains(nodes), "{url} is read as {shown}");
    }
}

#[test]
fn everything_else_is_refused_by_its_kind() {
    use InvalidUrl::{Credentials, Database, Host, Port, Scheme, SeveralHosts, Tls};
    let urls = [
        ("", Scheme),
        ("localhost:6379", Scheme),
        ("http://localhost", Scheme),
        ("Redis://localhost", Scheme),
        (" redis://localhost", Scheme),
        ("redis+unix:///run/redis", Scheme),
        ("rediss://localhost", Tls),
        ("rediss-cluster://localhost", Tls),
        ("redis://", Host),
        ("redis://:6379", Host),
        ("redis:///1", Host),
        ("redis://a b", Host),
        ("redis://a?protocol=resp2", Host),
        ("redis://a#b", Host),
        ("redis://ä", Host),
        ("redis://a\n", Host),
        ("redis://[::1", Host),
        ("redis://[::g]", Host),
        ("redis://[::1]6379", Host),
        ("redis-cluster://a,", Host),
        ("redis-cluster://,a", Host),
        ("redis://a:", Port),
        ("redis://a:0", Port),
        ("redis://a:65536", Port),
        ("redis://a:+1", Port),
        ("redis://a:1:2", Port),
        ("redis://::1", Port),
        ("redis://a/x", Database),
        ("redis://a/-1", Database),
        ("redis://a/256", Database),
        ("redis://a/1/2", Database),
        ("redis-cluster://a/1", Database),
        ("redis://a,b", SeveralHosts),
        ("redis://user@a", Credentials),
        ("redis://user:@a", Credentials),
        ("redis://:@a", Credentials),
        ("redis://u:p:q@a", Credentials),
        ("redis://u:p@q@a", Credentials),
        ("redis://u:p/q@a", Credentials),
        ("redis://u:p%@a", Credentials),
        ("redis://u:p%2@a", Credentials),
        ("redis://u:p%zz@a", Credentials),
        ("redis://u:p%+2@a", Credentials),
        ("redis://u:%ff@a", Credentials),
        ("redis://u:p q@a", Credentials),
    ];
    for (url, kind) in urls {
        assert_eq!(RedisOptions::parse(url).unwrap_err(), kind, "{url:?}");
    }
}

#[test]
fn nothing_shows_the_password() {
    let options = RedisOptions::parse("redis://us3r:s3cret%40@localhost").unwrap();
    let shown = format!("{options:?} {:?}", palisade_redis::RedisDatabase::open(options.clone()));
    assert!(!shown.contains("s3cret") && !shown.contains("us3r"), "{shown}");
    for url in ["redis://u:s3cret@a:0", "s3cret://a", "redis://u:s3cret%@a", "redis://s3cret@a"] {
        let error = RedisOptions::parse(url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{url}");
    }
}

#[test]
fn timeouts_have_limits() {
    let options = RedisOptions::parse("redis://localhost").unwrap();
    for good in [Duration::from_millis(1), Duration::from_secs(1), Duration::from_mins(1)] {
        options.clone().connect_timeout(good).unwrap().answer_timeout(good).unwrap();
    }
    for bad in
        [Duration::ZERO, Duration::from_micros(999), Duration::from_millis(60_001), Duration::MAX]
    {
        options.clone().connect_timeout(bad).unwrap_err();
        options.clone().answer_timeout(bad).unwrap_err();
    }
}
