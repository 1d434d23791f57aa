//! Namespaces.

use palisade_redis::{InvalidNamespace, Namespace};

#[test]
fn names_of_every_allowed_kind_are_taken() {
    for name in ["a", "0", "gatehouse", "gate-house_2", "a-", "a_", &"x".repeat(32)] {
        assert_eq!(Namespace::new(name).unwrap().as_str(), name);
        assert_eq!(name.parse::<Namespace>().unwrap().to_string(), name);
    }
}

#[test]
fn all_other_names_are_refused() {
    let long = "x".repeat(33);
    let mebibyte = "x".repeat(1 << 20);
    let names = [
        "",
        "-a",
        "_a",
        "A",
        "gateHouse",
        "gate house",
        "gate:house",
        "gate.house",
        "{a}",
        "a{b}",
        "a\n",
        "\na",
        "a\0",
        "ä",
        "a\u{301}",
        "*",
        "a*",
        &long,
        &mebibyte,
    ];
    for name in names {
        assert_eq!(Namespace::new(name).unwrap_err(), InvalidNamespace, "{name:?}");
    }
}
