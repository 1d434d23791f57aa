//! Random JSON text for tests: any spacing, any escapes, names that repeat.

use proptest::prelude::*;

/// The text of a JSON object or other value, with white space about it.
pub(crate) fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        2 => string(),
        3 => number(),
        1 => prop_oneof![Just("true"), Just("false"), Just("null")].prop_map(str::to_owned),
    ];
    let inner = leaf.prop_recursive(4, 24, 4, |inner| {
        let list = proptest::collection::vec(padded(inner.clone()), 0..4);
        prop_oneof![list.prop_map(|items| format!("[{}]", items.join(","))), object(inner)]
    });
    prop_oneof![4 => padded(object(inner.clone())), 1 => padded(inner)]
}

/// Some numbers that a parser treats unlike others.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<u64>().prop_map(|n| n.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        "-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?",
        Just("18446744073709551615".to_owned()),
        Just("18446744073709551616".to_owned()),
        Just("-0".to_owned()),
        Just("0".to_owned()),
    ]
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let name = prop_oneof![
        string(),
        Just("\"t\"".to_owned()),
        Just("\"\\u0074\"".to_owned()),
        Just("\"t \"".to_owned()),
    ];
    let member = (padded(name), padded(value)).prop_map(|(name, value)| format!("{name}:{value}"));
    (proptest::collection::vec(member, 0..4), space()).prop_map(|(members, space)| {
        match members.as_slice() {
            [] => format!("{{{space}}}"),
            members => format!("{{{}}}", members.join(",")),
        }
    })
}

/// A string: plain characters, each kind of escape, pairs of surrogates.
fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -!#-\\[\\]-~]{1,3}",
        "[äß€\u{2028}\u{10348}😀\u{7f}\u{ffff}]{1,2}",
        "\\\\[\"\\\\/bfnrt]",
        "\\\\u[0-9a-cA-C][0-9a-fA-F]{3}",
        "\\\\u[dD]8[0-9a-fA-F]{2}\\\\u[dD][c-f][0-9a-fA-F]{2}",
        Just("\\u2028/<&>{[,:]}".to_owned()),
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn padded(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (space(), value, space()).prop_map(|(before, value, after)| format!("{before}{value}{after}"))
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![2 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"]
}
