use std::fmt;

use proptest::prelude::*;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Value;

use super::*;
use crate::random_json::json;

type Answer = Result<Option<u64>, Malformed>;

fn whole(body: &[u8]) -> Answer {
    let mut scan = BodyTime::new("t");
    scan.update(body);
    scan.finish()
}

fn in_chunks(body: &[u8], sizes: &[usize]) -> Answer {
    let mut scan = BodyTime::new("t");
    let mut sizes = sizes.iter().cycle();
    let mut rest = body;
    while !rest.is_empty() {
        let size = sizes.next().map_or(1, |size| (*size).min(rest.len()));
        let (chunk, after) = rest.split_at(size);
        scan.update(chunk);
        rest = after;
    }
    scan.finish()
}

/// The answer by a whole JSON parser; none for what is no JSON at all.
fn oracle(body: &[u8]) -> Option<Answer> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<Value>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Value>, A::Error> {
            let mut times = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, Value>()? {
                times.extend((name == "t").then_some(value));
            }
            Ok(times)
        }
    }
    if !serde_json::from_slice::<Value>(body).ok()?.is_object() {
        return Some(Ok(None));
    }
    let times = serde_json::Deserializer::from_slice(body).deserialize_map(Members).ok()?;
    Some(match times.as_slice() {
        [] => Ok(None),
        [time] => time.as_u64().map(Some).ok_or(Malformed),
        _ => Err(Malformed),
    })
}

#[test]
fn bodies() {
    for (body, expected) in [
        (r#"{"t":1}"#, Ok(Some(1))),
        (r#" { "a" : [ 1 ] , "t" : 12 , "b" : null } "#, Ok(Some(12))),
        (r#"{"t":0}"#, Ok(Some(0))),
        (r#"{"t":18446744073709551615}"#, Ok(Some(u64::MAX))),
        (r#"{"t":18446744073709551616}"#, Err(Malformed)),
        (r#"{"t":99999999999999999999999999}"#, Err(Malformed)),
        (r#"{"\u0074":7}"#, Ok(Some(7))),
        (r#"{"t":1,"\u0074":1}"#, Err(Malformed)),
        (r#"{"t":1,"t":1}"#, Err(Malformed)),
        (r#"{"t":"x","t":1}"#, Err(Malformed)),
        (r#"{"t":1,"a":{"t":2},"b":[{"t":3}],"c":"\"t\":4"}"#, Ok(Some(1))),
        (r#"{"a":{"t":1}}"#, Ok(None)),
        (r#"{"T":1,"t ":2,"":3,"tt":4,"\\t":5}"#, Ok(None)),
        (r#"{"t":-1}"#, Err(Malformed)),
        (r#"{"t":-0}"#, Err(Malformed)),
        (r#"{"t":1.0}"#, Err(Malformed)),
        (r#"{"t":1e3}"#, Err(Malformed)),
        (r#"{"t":01}"#, Err(Malformed)),
        (r#"{"t":00}"#, Err(Malformed)),
        (r#"{"t":"1"}"#, Err(Malformed)),
        (r#"{"t":[1]}"#, Err(Malformed)),
        (r#"{"t":{"t":1}}"#, Err(Malformed)),
        (r#"{"t":null}"#, Err(Malformed)),
        (r#"{"t":true}"#, Err(Malformed)),
        (r#"{"t":1x}"#, Err(Malformed)),
        ("{\"t\":\u{ff11}}", Err(Malformed)),
        (r#"{"t":+1}"#, Err(Malformed)),
        (r#"{"t":}"#, Err(Malformed)),
        (r#"{"t":,}"#, Err(Malformed)),
        (r#"{"t" 1}"#, Err(Malformed)),
        (r#"{"t":1,}"#, Err(Malformed)),
        (r#"{,"t":1}"#, Err(Malformed)),
        ("{t:1}", Err(Malformed)),
        ("{'t':1}", Err(Malformed)),
        (r#"{"t":1"#, Err(Malformed)),
        (r#"{"t":1 2}"#, Err(Malformed)),
        (r#"{"t":1}}"#, Err(Malformed)),
        (r#"{"t":1}x"#, Err(Malformed)),
        (r#"{"t":1}{"t":1}"#, Err(Malformed)),
        (r#"[{"t":1}]"#, Ok(None)),
        (r#""t""#, Ok(None)),
        ("{}", Ok(None)),
        ("", Ok(None)),
        (" ", Ok(None)),
        ("1", Ok(None)),
        ("\u{feff}{\"t\":1}", Ok(None)),
        ("{\"t\":1}\0", Err(Malformed)),
        ("{\"t\":1\0}", Err(Malformed)),
        ("{\"t\0\":1}", Err(Malformed)),
        ("{\"a\":\"\0\",\"t\":1}", Err(Malformed)),
        ("{\"a\":[\0],\"t\":1}", Err(Malformed)),
        ("{\"a\":[\"\0\"],\"t\":1}", Err(Malformed)),
        (r#"{"a\u00zz":1,"t":1}"#, Err(Malformed)),
        (r#"{"a":"\\","t":1}"#, Ok(Some(1))),
        (r#"{"a":"\\\"","t":1}"#, Ok(Some(1))),
        (r#"{"a":["}\"]\\"],"t":1}"#, Ok(Some(1))),
        (r#"{"a\"":1,"t":1}"#, Ok(Some(1))),
    ] {
        assert_eq!(whole(body.as_bytes()), expected, "{body}");
        assert_eq!(in_chunks(body.as_bytes(), &[1]), expected, "{body}");
    }
}

#[test]
fn every_escape_of_the_name() {
    let mut scan = BodyTime::new("webhookTimestamp");
    scan.update(b"{\"\\u0077ebhook\\u0054imestam\\u0070\":1700000000123}");
    assert_eq!(scan.finish(), Ok(Some(1_700_000_000_123)));
    for name in [r"\ud874", r"\u0174", r"\u7400", r"t\u0000", r"\t", r"\/t", r"\u0054", "tä"] {
        assert_eq!(whole(format!("{{\"{name}\":1}}").as_bytes()), Ok(None), "{name}");
    }
}

#[test]
fn a_million_brackets_are_no_trouble() {
    let deep = 1_000_000;
    for (open, close) in [("[", "]"), ("{\"t\":", "}")] {
        let middle = if open == "[" { "" } else { "1" };
        let value = format!("{}{middle}{}", open.repeat(deep), close.repeat(deep));
        let body = format!("{{\"a\":{value},\"t\":5}}");
        assert_eq!(whole(body.as_bytes()), Ok(Some(5)));
        assert_eq!(whole(format!("{{\"a\":{}", open.repeat(deep)).as_bytes()), Err(Malformed));
    }
    assert_eq!(whole("[".repeat(deep).as_bytes()), Ok(None));
    assert_eq!(whole("]".repeat(deep).as_bytes()), Ok(None));
}

#[test]
fn its_size_does_not_grow_with_the_body() {
    assert!(size_of::<BodyTime>() <= 128, "{}", size_of::<BodyTime>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn it_answers_as_a_parser_does(
        body in json(), sizes in proptest::collection::vec(1_usize..9, 1..9),
    ) {
        let expected = oracle(body.as_bytes());
        prop_assert!(expected.is_some(), "not JSON: {}", body);
        prop_assert_eq!(Some(whole(body.as_bytes())), expected);
        prop_assert_eq!(Some(in_chunks(body.as_bytes(), &sizes)), expected);
    }

    /// A byte lost or replaced: what a parser still takes has the same answer, the rest does no harm, and
    /// no chunking changes what it is.
    #[test]
    fn broken_bodies_are_no_trouble(
        body in json(), at: prop::sample::Index, byte: u8, lose: bool,
        sizes in proptest::collection::vec(1_usize..9, 1..9),
    ) {
        let mut body = body.into_bytes();
        let at = at.index(body.len());
        if lose {
            body.remove(at);
        } else {
            body[at] = byte;
        }
        let answer = whole(&body);
        prop_assert_eq!(in_chunks(&body, &sizes), answer);
        if let Some(expected) = oracle(&body) {
            prop_assert_eq!(answer, expected);
        }
    }

    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(in_chunks(&body, &[1, 2, 3]), whole(&body));
    }
}
