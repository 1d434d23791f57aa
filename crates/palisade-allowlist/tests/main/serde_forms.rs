//! JSON: what is written, and what is taken only through the strict parser.

use palisade_allowlist::{
    Allowlist, BuildError, Entry, EntryError, Family, Malformed, Network, Place,
};
use proptest::prelude::*;
use serde_json::{Value, from_value, json, to_value};

use crate::support::{label, network};

proptest! {
    #[test]
    fn entries_read_back(network in network(), label in label()) {
        let entry = Entry::new(network, &label).unwrap();
        let json = to_value(&entry).unwrap();
        prop_assert_eq!(&json, &json!({"network": network.to_string(), "label": label}));
        prop_assert_eq!(from_value::<Entry>(json.clone()).unwrap(), entry.clone());
        // From text with escapes, from text, and from bytes.
        let text = json.to_string();
        prop_assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry.clone());
        prop_assert_eq!(serde_json::from_reader::<_, Entry>(text.as_bytes()).unwrap(), entry);
        prop_assert_eq!(from_value::<Network>(json!(network.to_string())).unwrap(), network);
    }
}

#[test]
fn a_network_is_one_text() {
    let network: Network = from_value(json!("::ffff:10.0.0.0/104")).unwrap();
    assert_eq!(to_value(network).unwrap(), json!("10.0.0.0/8"));
    assert_eq!(to_value([Family::V4, Family::V6]).unwrap(), json!(["ipv4", "ipv6"]));
    assert_eq!(
        to_value([Place::Line(3), Place::Entry(4)]).unwrap(),
        json!([{"line": 3}, {"entry": 4}])
    );
}

#[test]
fn a_label_may_be_missing_and_nothing_else_may() {
    let entry: Entry = from_value(json!({"network": "10.0.0.0/8"})).unwrap();
    assert_eq!(entry.label(), "");
    for refused in [
        json!({}),
        json!({"label": "a"}),
        json!({"network": "10.0.0.0/8", "label": null}),
        json!({"network": "10.0.0.0/8", "label": 7}),
        json!({"network": "10.0.0.0/8", "name": "a"}),
        json!({"network": "10.0.0.0/8", "label": "a", "expires": 1}),
        json!({"network": null}),
        json!({"network": 167_772_160}),
        json!({"network": ["10.0.0.0", 8]}),
        json!({"network": {"V4": {"addr": "10.0.0.0", "prefix_len": 8}}}),
        json!("10.0.0.0/8"),
        json!("10.0.0.0/8 a"),
        json!(null),
    ] {
        assert!(from_value::<Entry>(refused.clone()).is_err(), "{refused}");
    }
    let twice = r#"{"network": "10.0.0.0/8", "network": "::/0"}"#;
    assert!(serde_json::from_str::<Entry>(twice).is_err());
}

#[test]
fn what_the_parser_refuses_is_refused() {
    for text in [
        "",
        " ",
        "10.0.0.0/8 ",
        "010.0.0.0/8",
        "127.000.000.001/32",
        "10.0.0.0/08",
        "::ffff:010.0.0.1/128",
        "1::2:3:4:5:6:7:8/128",
        "::ffff:10.0.0.0/64",
        "fe80::1%eth0",
        "[::1]",
        "10/8",
        "10.0.0.1/8",
        "::ffff:10.0.0.1/104",
        "2001:db8::1/32",
    ] {
        let error = Network::parse(text).unwrap_err().to_string();
        for json in [json!(text), json!({"network": text})] {
            let refused = match &json {
                Value::String(_) => from_value::<Network>(json).unwrap_err(),
                _ => from_value::<Entry>(json).unwrap_err(),
            };
            assert_eq!(refused.to_string(), error, "{text}");
        }
    }
    let refused = from_value::<Network>(json!("10.0.0.1/8")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "column 10: the address has bits beyond the prefix length; \
         write 10.0.0.0/8, or 10.0.0.1 for the one address"
    );
    for label in ["a\nb", " a", "a ", "#a", "a\0", &"x".repeat(201)] {
        let refused = from_value::<Entry>(json!({"network": "::1", "label": label})).unwrap_err();
        let error = Entry::new("::1".parse().unwrap(), label).unwrap_err();
        assert_eq!(refused.to_string(), error.to_string());
    }
}

#[test]
fn a_report_is_an_answer() {
    let (list, report) = Allowlist::builder()
        .push("10.0.0.0/7", "a")
        .push("10.1.2.3/16", "b")
        .push("10.1.0.0/16", "c")
        .build()
        .unwrap();
    assert_eq!(
        to_value(&report).unwrap(),
        json!({
            "entries": 2, "ipv4": 2, "ipv6": 0, "labels": 3, "missing_family": "ipv6",
            "duplicates": 1, "shadowed": 1, "host_bits": 1, "too_broad": 1,
            "findings": [
                {
                    "kind": "host_bits", "place": {"entry": 2}, "network": "10.1.0.0/16",
                    "message": "entry 2: the address has bits beyond the length; read as 10.1.0.0/16",
                },
                {
                    "kind": "too_broad", "place": {"entry": 1}, "network": "10.0.0.0/7",
                    "message": "entry 1: 10.0.0.0/7 is very broad",
                },
                {
                    "kind": "duplicate", "place": {"entry": 2}, "network": "10.1.0.0/16",
                    "again": {"entry": 3},
                    "message": "entry 2: 10.1.0.0/16 is listed again at entry 3, whose label counts",
                },
                {
                    "kind": "shadowed", "place": {"entry": 3}, "network": "10.1.0.0/16",
                    "by": "10.0.0.0/7",
                    "message": "entry 3: 10.1.0.0/16 is inside of 10.0.0.0/7, which allows it already",
                },
            ],
        })
    );
    let entries: Vec<_> = list.entries().collect();
    assert_eq!(
        to_value(entries).unwrap(),
        json!([{"network": "10.0.0.0/7", "label": "a"}, {"network": "10.1.0.0/16", "label": "c"}])
    );
}

fn malformed(text: &[u8]) -> Malformed {
    let builder = Allowlist::builder().refuse_broader_than(8, 32).extend_lines(text).unwrap();
    match builder.build() {
        Err(BuildError::Malformed(malformed)) => malformed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn faults_are_an_answer() {
    let mut text = b"10.0.0.0/08 a\n  ::1 \x01\n0.0.0.0/0\n\xff\n".to_vec();
    text.extend_from_slice(&[b'x'; 2_000]);
    assert_eq!(
        to_value(malformed(&text)).unwrap(),
        json!({
            "more": 0,
            "faults": [
                {
                    "place": {"line": 1}, "code": "bad_length", "column": 10,
                    "message": "the prefix length is not a plain decimal number",
                    "mend": {"networks": ["10.0.0.0/8"]},
                },
                {
                    "place": {"line": 2}, "code": "label_control", "column": 7,
                    "message": "the label has a control character in it; remove it",
                },
                {
                    "place": {"line": 3}, "code": "too_broad", "column": null,
                    "message": "the network is broader than /8, the broadest that this list takes",
                },
                {
                    "place": {"line": 4}, "code": "not_utf8", "column": 1,
                    "message": "column 1: this is not UTF-8; save the list as UTF-8",
                },
                {
                    "place": {"line": 5}, "code": "line_too_long", "column": null,
                    "message": "the line is longer than 1024 bytes; no entry is",
                },
            ],
        })
    );
    let many = to_value(malformed(&b"x\n".repeat(1_003))).unwrap();
    assert_eq!((many["faults"].as_array().unwrap().len(), &many["more"]), (1_000, &json!(3)));
}

#[test]
fn errors_by_themselves() {
    let network = Network::parse("10.0.0.0/08").unwrap_err();
    let expected = json!({
        "code": "bad_length", "column": 10, "mend": {"networks": ["10.0.0.0/8"]},
        "message": "the prefix length is not a plain decimal number",
    });
    assert_eq!(to_value(&network).unwrap(), expected);
    assert_eq!(to_value(EntryError::from(network)).unwrap(), expected);
    for (text, mend) in [
        ("10.0.0.5-10.0.0.7", json!({"networks": ["10.0.0.5/32", "10.0.0.6/31"]})),
        ("10.0.0.1/8", json!({"either": ["10.0.0.0/8", "10.0.0.1/32"]})),
    ] {
        assert_eq!(to_value(Network::parse(text).unwrap_err()).unwrap()["mend"], mend);
    }
    let label = Entry::new("::1".parse().unwrap(), "#").unwrap_err();
    let expected = json!({
        "code": "label_comment", "column": 1,
        "message": "a label does not begin with #, which begins a comment; write another sign",
    });
    assert_eq!(to_value(label).unwrap(), expected);
}
