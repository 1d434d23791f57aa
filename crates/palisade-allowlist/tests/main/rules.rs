//! The rules of a builder: they hold for every entry, whenever they are set. And what a report counts.

use std::cell::Cell;

use palisade_allowlist::{
    Allowlist, BuildError, Builder, Entry, Family, KEPT_FAULTS, KEPT_FINDINGS, Network, Place,
};

fn outcome(builder: Builder) -> String {
    match builder.build() {
        Ok((_, report)) => report.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_order_of_calls_does_not_count() {
    let entries = |builder: Builder| {
        builder
            .push("10.0.0.1/8", "")
            .push("2001::/16", "")
            .extend_lines("0.0.0.0/1\nnonsense\n::/3\n10.1.2.3/16\n".as_bytes())
            .unwrap()
            .extend(["128.0.0.0/1".parse::<Entry>().unwrap()])
            .push("::1", " ")
    };
    let rules: [fn(Builder) -> Builder; 5] = [
        |builder| builder.refuse_broader_than(8, 16),
        Builder::reject_host_bits,
        |builder| builder.max_entries(6),
        |builder| builder.report_broader_than(32, 128),
        |builder| builder.refuse_broader_than(32, 128).reject_host_bits(),
    ];
    for rule in rules {
        let late = outcome(rule(entries(Allowlist::builder())));
        assert_eq!(late, outcome(entries(rule(Allowlist::builder()))));
    }
    let all = entries(Allowlist::builder()).refuse_broader_than(8, 16).reject_host_bits();
    let BuildError::Malformed(malformed) = all.build().unwrap_err() else { panic!("faults") };
    let told: Vec<_> =
        malformed.faults().iter().map(|fault| (fault.place, fault.error.code())).collect();
    assert_eq!(
        told,
        [
            (Place::Entry(1), "host_bits"),
            (Place::Line(1), "too_broad"),
            (Place::Line(2), "bad_address"),
            (Place::Line(3), "too_broad"),
            (Place::Line(4), "host_bits"),
            (Place::Entry(3), "too_broad"),
            (Place::Entry(4), "label_white_space"),
        ]
    );
    assert_eq!(malformed.more(), 0);
}

#[test]
fn a_rule_that_is_set_late_still_holds() {
    let pushed = || Allowlist::builder().push("10.1.2.3/7", "").push("::1", "");
    assert!(pushed().build().is_ok());
    assert!(pushed().reject_host_bits().build().is_err());
    assert!(pushed().refuse_broader_than(8, 0).build().is_err());
    let error = pushed().max_entries(1).build().unwrap_err();
    assert!(matches!(error, BuildError::TooMany { limit: 1, what: "entries" }), "{error}");
    assert!(pushed().max_entries(2).build().is_ok());
    assert_eq!(pushed().report_broader_than(7, 0).build().unwrap().1.too_broad(), 0);
    assert_eq!(pushed().report_broader_than(8, 128).build().unwrap().1.too_broad(), 1);
    // The last word counts.
    assert!(pushed().refuse_broader_than(8, 0).refuse_broader_than(7, 0).build().is_ok());
    let taken_back = Allowlist::builder().refuse_broader_than(8, 0).push("10.0.0.0/7", "");
    assert!(taken_back.refuse_broader_than(0, 0).build().is_ok());
}

#[test]
fn faults_of_two_kinds_beyond_a_thousand() {
    let builder = (0..KEPT_FAULTS).fold(Allowlist::builder(), |builder, _| {
        builder.push("0.0.0.0/0", "").push("10.0.0.1/8", "").push("x", "")
    });
    let BuildError::Malformed(malformed) =
        builder.refuse_broader_than(1, 1).reject_host_bits().build().unwrap_err()
    else {
        panic!("faults")
    };
    assert_eq!((malformed.faults().len(), malformed.more()), (KEPT_FAULTS, 2 * KEPT_FAULTS as u64));
    let places = malformed.faults().iter().map(|fault| fault.place.number());
    assert!(places.eq(1..=u32::try_from(KEPT_FAULTS).unwrap()));
}

#[test]
fn entries_without_end_are_not_awaited() {
    let made = Cell::new(0_u64);
    let entries = std::iter::repeat_with(|| {
        made.set(made.get() + 1);
        "10.0.0.0/8".parse::<Entry>().unwrap()
    });
    let builder = Allowlist::builder().max_entries(100).extend(entries);
    assert_eq!(made.get(), 101);
    // A higher limit brings back nothing.
    let error = builder.max_entries(1_000).build().unwrap_err();
    assert!(matches!(error, BuildError::TooMany { limit: 100, what: "entries" }), "{error}");
}

#[test]
fn a_builder_shows_no_entry() {
    let builder = Allowlist::builder().push("203.0.113.7", "Vault").push("::1", "").push("x", "");
    let shown = format!("{builder:?}");
    assert!(shown.starts_with("Builder { ipv4: 1, ipv6: 1, faults: 1, "), "{shown}");
    assert!(!shown.contains("Vault") && !shown.contains("203"), "{shown}");
}

#[test]
fn parts_that_add_up_to_all() {
    let octets = |last: u32| {
        (0..=last).fold(Allowlist::builder(), |builder, octet| {
            builder.push(&format!("{octet}.0.0.0/8"), "")
        })
    };
    let (_, report) = octets(255).push("::1", "").build().unwrap();
    assert!(report.adds_up_to_all(Family::V4) && !report.adds_up_to_all(Family::V6));
    assert!(!report.is_clean() && report.findings().is_empty());
    assert_eq!(
        report.to_string(),
        "257 entries: 256 IPv4, 1 IPv6\nthe entries together allow all of IPv4"
    );
    let (_, report) = octets(254).push("::1", "").build().unwrap();
    assert!(report.is_clean());
    let (_, report) = Allowlist::builder().push("::/1", "").push("8000::/1", "").build().unwrap();
    assert!(report.adds_up_to_all(Family::V6) && !report.adds_up_to_all(Family::V4));
    // One entry that says so itself is told as very broad.
    let (_, report) = octets(255).push("0.0.0.0/0", "").build().unwrap();
    assert!(!report.adds_up_to_all(Family::V4) && report.too_broad() == 1);
}

#[test]
fn findings_beyond_a_thousand_are_counted_only() {
    let network = Network::parse("10.0.0.0/8").unwrap();
    let builder = (0..=KEPT_FINDINGS + 7)
        .fold(Allowlist::builder().push("::1", ""), |builder, _| builder.push("10.0.0.1/8", ""));
    let (_, report) = builder.push("10.1.0.0/16", "").build().unwrap();
    assert_eq!((report.host_bits(), report.duplicates()), (KEPT_FINDINGS + 8, KEPT_FINDINGS + 7));
    assert_eq!(report.shadowed(), 1);
    assert_eq!(report.findings().len(), 2 * KEPT_FINDINGS + 1);
    assert!(
        report.findings().iter().filter(|one| one.network == network).count() == 2 * KEPT_FINDINGS
    );
    assert!(report.to_string().ends_with("\nand 15 more"), "{report}");
}
