use std::collections::BTreeSet;

use palisade_apikey::{InvalidScope, Level, Scope, Scopes};
use proptest::prelude::*;

const RESOURCES: [&str; 3] = ["controls", "evidence", "metrics"];
const LEVELS: [Level; 3] = [Level::Read, Level::Write, Level::Admin];

/// The naive model: a set of scopes is the set of all single permissions that it allows. `None` is
/// "on everything", a permission of its own.
type Allowed = BTreeSet<(Option<usize>, Level)>;

fn allowed(scopes: &Scopes) -> Allowed {
    let mut all = Allowed::new();
    for scope in scopes.iter() {
        for level in LEVELS.into_iter().filter(|level| *level <= scope.level()) {
            if let Some(name) = scope.resource() {
                let index = RESOURCES.iter().position(|known| *known == name).unwrap();
                all.insert((Some(index), level));
            } else {
                all.insert((None, level));
                all.extend((0..RESOURCES.len()).map(|index| (Some(index), level)));
            }
        }
    }
    all
}

fn scope() -> impl Strategy<Value = Scope> {
    (prop::sample::select(&LEVELS[..]), prop::option::of(prop::sample::select(&RESOURCES[..])))
        .prop_map(|(level, resource)| match resource {
            Some(name) => Scope::on(level, name).unwrap(),
            None => Scope::everything(level),
        })
}

fn scopes() -> impl Strategy<Value = Scopes> {
    prop::collection::vec(scope(), 0..6).prop_map(|list| list.into_iter().collect())
}

proptest! {
    #[test]
    fn algebra_is_that_of_sets(a in scopes(), b in scopes()) {
        let (x, y) = (allowed(&a), allowed(&b));
        prop_assert_eq!(allowed(&a.union(&b)), &x | &y);
        prop_assert_eq!(allowed(&a.intersection(&b)), &x & &y);
        prop_assert_eq!(a.missing(&b).is_empty(), y.is_subset(&x));
        for missing in a.missing(&b).iter() {
            prop_assert!(!a.covers(missing));
        }
        prop_assert!(a.union(&b).missing(&b).is_empty());
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.intersection(&b), b.intersection(&a));
    }

    #[test]
    fn covering_is_having_all(set in scopes(), needed in scope()) {
        let one = std::iter::once(needed.clone()).collect();
        prop_assert_eq!(set.covers(&needed), allowed(&one).is_subset(&allowed(&set)));
    }

    #[test]
    fn the_shortest_form_is_one(set in scopes()) {
        let again: Scopes = set.to_string().parse().unwrap();
        prop_assert_eq!(&again, &set);
        for scope in set.iter() {
            let others: Scopes = set.iter().filter(|other| *other != scope).cloned().collect();
            prop_assert!(!others.covers(scope), "{} in {}", scope, set);
        }
    }

    #[test]
    fn any_text_is_refused_or_kept(text in ".{0,100}") {
        if let Ok(scope) = text.parse::<Scope>() {
            prop_assert_eq!(scope.to_string(), text);
        }
    }
}

#[test]
fn what_is_no_scope() {
    let long = format!("read:{}", "a".repeat(65));
    for bad in [
        "",
        "Read",
        "reads",
        "read:",
        ":controls",
        "read:Controls",
        "read:a:b",
        "read :a",
        "read:a b",
        "write:é",
        "delete",
        "admin:\0",
        "*",
        "read:*",
        &long,
    ] {
        assert_eq!(bad.parse::<Scope>().unwrap_err(), InvalidScope::Grammar, "{bad:?}");
    }
    let many = vec!["read"; 65].join(" ");
    assert_eq!(many.parse::<Scopes>().unwrap_err(), InvalidScope::TooMany);
    assert!("read\tadmin".parse::<Scopes>().is_err());
    assert!("".parse::<Scopes>().unwrap().is_empty());
}

#[test]
fn nothing_on_one_resource_reaches_everything() {
    let admin_of_one: Scopes = "admin:controls".parse().unwrap();
    assert!(!admin_of_one.covers(&"read".parse().unwrap()));
    assert!(!admin_of_one.covers(&"read:evidence".parse().unwrap()));
    assert!(admin_of_one.covers(&"write:controls".parse().unwrap()));
    assert!(!Scopes::none().covers(&"read:controls".parse().unwrap()));
}
