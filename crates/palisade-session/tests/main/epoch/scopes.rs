//! Scopes, and the other names in an epoch token.

use palisade_session::{InvalidScopes, SidecarId, Subject, TokenScopes};
use proptest::prelude::*;

#[test]
fn scopes_are_compared_to_the_letter() {
    let scopes: TokenScopes = "read:controls write * Admin".parse().unwrap();
    for held in ["read:controls", "write", "*", "Admin"] {
        assert!(scopes.contains(held), "{held}");
    }
    for other in [
        "read",
        "read:control",
        "read:controls ",
        "READ:CONTROLS",
        "admin",
        "",
        " ",
        "write *",
        "wri",
    ] {
        assert!(!scopes.contains(other), "{other:?}");
    }
    assert_eq!(scopes.iter().collect::<Vec<_>>(), ["read:controls", "write", "*", "Admin"]);
}

#[test]
fn none_holds_nothing() {
    let none = TokenScopes::none();
    assert!(none.is_empty() && none.iter().next().is_none());
    assert!(!none.contains("") && !none.contains("read"));
    assert_eq!(none.to_string(), "");
}

#[test]
fn only_the_grammar_of_rfc_6749_is_read() {
    for text in [
        "", " ", "a ", " a", "a  b", "a\tb", "a\nb", "a\"b", "a\\b", "é", "a\0", "a\u{7f}",
        "a\u{a0}b",
    ] {
        assert_eq!(text.parse::<TokenScopes>(), Err(InvalidScopes), "{text:?}");
    }
    assert!("a".repeat(TokenScopes::MAX_LEN).parse::<TokenScopes>().is_ok());
    assert!("a".repeat(TokenScopes::MAX_LEN + 1).parse::<TokenScopes>().is_err());
}

proptest! {
    #[test]
    fn what_is_read_is_kept(text in ".{0,40}|[ -~]{0,40}|[a-z:*]{1,9}( [a-z:*]{1,9}){0,9}") {
        let by_grammar = !text.is_empty() && text.split(' ').all(|word| {
            !word.is_empty() && word.chars().all(|c| matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e'))
        });
        match text.parse::<TokenScopes>() {
            Ok(scopes) => {
                prop_assert!(by_grammar);
                prop_assert_eq!(scopes.as_str(), &text);
                prop_assert!(scopes.iter().all(|scope| scopes.contains(scope)));
            }
            Err(InvalidScopes) => prop_assert!(!by_grammar),
        }
    }
}

#[test]
fn names_have_bounds() {
    for good in ["org_1", "!", &"s".repeat(Subject::MAX_LEN)] {
        assert_eq!(good.parse::<Subject>().unwrap().as_str(), good);
    }
    for bad in ["", "a b", "é", "a\n", "a\0", &"s".repeat(Subject::MAX_LEN + 1)] {
        assert!(bad.parse::<Subject>().is_err(), "{bad:?}");
    }
    for good in ["sc_1", "A.b-c_9", &"s".repeat(SidecarId::MAX_LEN)] {
        assert_eq!(good.parse::<SidecarId>().unwrap().as_str(), good);
    }
    for bad in [
        "",
        "a b",
        "a:b",
        "a\"",
        "é",
        "a\0",
        &"s".repeat(SidecarId::MAX_LEN + 1),
        &"s".repeat(1 << 20),
    ] {
        assert!(bad.parse::<SidecarId>().is_err(), "{}", bad.len());
    }
}

#[cfg(feature = "serde")]
#[test]
fn terms_read_back_and_nothing_else_does() {
    use palisade_session::EpochTerms;
    use serde_json::json;

    let terms = EpochTerms::new("epoch_2024010112".parse().unwrap(), "read write".parse().unwrap());
    let value = serde_json::to_value(&terms).unwrap();
    assert_eq!(
        value,
        json!({
            "epoch": "epoch_2024010112", "starts_at": 1_704_110_400, "expires_at": 1_704_114_000,
            "refresh_from": 1_704_113_700, "scope": "read write",
        })
    );
    assert_eq!(serde_json::from_value::<EpochTerms>(value.clone()).unwrap(), terms);
    for (name, wrong) in [
        ("epoch", json!("epoch_2024010113")),
        ("epoch", json!("epoch_2024010112 ")),
        ("starts_at", json!(1)),
        ("expires_at", json!(1_704_114_001)),
        ("refresh_from", json!("1704113700")),
        ("scope", json!("a  b")),
    ] {
        let mut value = value.clone();
        value[name] = wrong;
        assert!(serde_json::from_value::<EpochTerms>(value).is_err(), "{name}");
    }
    let none = serde_json::to_value(EpochTerms::new(terms.epoch(), TokenScopes::none())).unwrap();
    assert_eq!(none["scope"], "");
    assert!(serde_json::from_value::<EpochTerms>(none).unwrap().scopes().is_empty());
}
