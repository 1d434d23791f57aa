use std::time::{Duration, SystemTime};

use palisade_secret::{KeyId, Keyring, LoadErrorKind, SecretBytes};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const HOUR: Duration = Duration::from_hours(1);

fn id(text: &str) -> KeyId {
    text.parse().unwrap()
}

#[test]
fn an_end_is_the_first_moment_that_refuses() {
    let ring = Keyring::new(id("a"), 1).accept_until(id("b"), 2, NOW + HOUR).unwrap();
    assert_eq!(ring.find("b", NOW + HOUR - Duration::from_nanos(1)).unwrap(), &2);
    assert!(ring.find("b", NOW + HOUR).is_err());
    assert_eq!(ring.live(NOW + HOUR).count(), 1);
    assert_eq!(ring.find("a", NOW + 1000 * HOUR).unwrap(), &1);
}

#[test]
fn an_unknown_id_is_an_error_that_does_not_repeat_it() {
    let ring = Keyring::new(id("a"), 1);
    let error = ring.find("ZZ-not-here", NOW).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("ZZ"));
}

#[test]
fn two_keys_of_one_id_are_refused() {
    assert!(Keyring::new(id("a"), 1).accept(id("a"), 2).is_err());
}

#[test]
fn promotion_keeps_every_key_and_lifts_the_end() {
    let mut ring = Keyring::new(id("a"), 1)
        .accept(id("b"), 2)
        .unwrap()
        .accept_until(id("c"), 3, NOW + HOUR)
        .unwrap();
    ring.promote("c", NOW).unwrap();
    let order: Vec<&str> = ring.live(NOW + 2 * HOUR).map(|(id, _)| id.as_str()).collect();
    assert_eq!(order, ["c", "a", "b"]);

    let mut ended = Keyring::new(id("a"), 1).accept_until(id("b"), 2, NOW).unwrap();
    assert!(ended.promote("b", NOW).is_err());
    assert_eq!(ended.primary().1, &1);
}

#[test]
fn hard_rotation_leaves_the_primary_alone() {
    let mut ring = Keyring::new(id("a"), 1).accept(id("b"), 2).unwrap();
    ring.promote("b", NOW).unwrap();
    ring.drop_all_but_primary();
    assert_eq!(ring.primary(), (&id("b"), &2));
    assert!(ring.find("a", NOW).is_err());
}

#[test]
fn ids_are_short_and_plain() {
    for good in ["1", "2026-11", "a.b_c", &"x".repeat(32)] {
        assert_eq!(id(good).as_str(), good);
    }
    for bad in ["", " a", "a$b", "a,b", "a:b", "é", "a\0", &"x".repeat(33)] {
        assert!(bad.parse::<KeyId>().is_err(), "{bad:?}");
    }
}

fn secret() -> String {
    SecretBytes::generate(32).unwrap().expose_base64url().to_string()
}

fn kind(text: &str) -> String {
    format!("{:?}", Keyring::from_text(text).unwrap_err().kind())
}

#[test]
fn a_ring_from_text_is_in_its_order() {
    let text = format!("new:{}\n  old:{},\tolder:{}", secret(), secret(), secret());
    let ring = Keyring::from_text(&text).unwrap();
    let order: Vec<&str> = ring.live(NOW).map(|(id, _)| id.as_str()).collect();
    assert_eq!(order, ["new", "old", "older"]);
}

#[test]
fn a_bad_ring_names_the_entry_and_never_the_value() {
    let good = secret();
    assert_eq!(kind(" ,\n"), "Empty");
    assert_eq!(kind(&good), "Entry");
    assert_eq!(kind(&format!("a:{good},b c:{good}")), "Entry");
    assert_eq!(kind(&format!("a:{good},a:{good}")), "DuplicateId");
    let weak = Keyring::from_text(&format!("a:{good} b:changeme")).unwrap_err();
    assert_eq!(weak.entry(), Some(2));
    assert!(
        weak.to_string().starts_with("the secret: entry 2: a well-known placeholder"),
        "{weak}"
    );
    assert_eq!(kind("a:changeme"), "Placeholder");
    let many = (0..17).map(|n| format!("k{n}:{good}")).collect::<Vec<_>>().join(" ");
    let error = Keyring::from_text(&many).unwrap_err();
    assert!(matches!(error.kind(), LoadErrorKind::TooManyKeys));
    assert!(!format!("{error} {error:?}").contains(&good[..8]));
}
