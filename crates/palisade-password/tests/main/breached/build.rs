use palisade_password::{FilterBuildError, FilterBuilder, FilterStanding, Fingerprint, Password};
use sha1::{Digest, Sha1};

use crate::broken_reader::breaks_off_after;

use super::{BOTH, filter, finds, passwords};

fn hex(password: &str) -> String {
    let digits = |byte: &u8| format!("{byte:02X}");
    Sha1::digest(password).iter().map(digits).collect()
}

fn sha1_list(list: &str, least_count: u64) -> Result<FilterBuilder, FilterBuildError> {
    let mut builder = FilterBuilder::new(Fingerprint::Bits16);
    builder.add_sha1(list.as_bytes(), least_count, |_| ())?;
    Ok(builder)
}

#[test]
fn the_same_passwords_give_the_same_bytes() {
    let list = passwords("same", 5000);
    let (forward, backward) = (list.iter().map(String::as_str), list.iter().rev());
    let twice = backward.chain(&list).map(String::as_str);
    for fingerprint in BOTH {
        let once = filter(fingerprint, forward.clone());
        assert_eq!(once.as_bytes(), filter(fingerprint, twice.clone()).as_bytes());
    }

    let hashes = list.iter().map(|password| hex(password)).collect::<Vec<_>>().join(":3\r\n");
    let from_hashes = sha1_list(&hashes, 1).unwrap().build().unwrap();
    assert_eq!(from_hashes.as_bytes(), filter(Fingerprint::Bits16, forward).as_bytes());
}

#[test]
fn counts_and_cases_of_hashes() {
    let line = |password: &str, rest: &str| format!("{}{rest}\n", hex(password));
    let list = [
        line("seldom", ":9"),
        line("often", ":10").to_lowercase(),
        line("most", ":18446744073709551615"),
        line("uncounted", ""),
    ]
    .concat();
    let filter = sha1_list(&list, 10).unwrap().build().unwrap();
    assert_eq!(filter.passwords(), 3);
    assert!(["often", "most", "uncounted"].iter().all(|password| finds(&filter, password)));
    assert!(!finds(&filter, "seldom"));
}

#[test]
fn lines_that_are_no_hash() {
    let good = hex("password");
    for bad in [
        "password".to_owned(),
        good[1..].to_owned(),
        format!("{good}0"),
        format!("{good}:"),
        format!("{good}:+1"),
        format!("{good}:1 "),
        format!("{good}:18446744073709551616"),
        format!("+{}", &good[1..]),
        format!("{}\u{e9}", &good[2..]),
    ] {
        let list = format!("{good}:1\n\n{bad}\n{good}:1\n");
        let refused = sha1_list(&list, 1).unwrap_err();
        assert!(matches!(refused, FilterBuildError::NotAHash { line: 3 }), "{bad}");
        assert!(refused.to_string().starts_with("line 3 "), "{refused}");
    }
}

#[test]
fn passwords_are_bytes() {
    let mut builder = FilterBuilder::new(Fingerprint::Bits16);
    builder.add_passwords(&b"caf\xe9\r\n\n  spaces  \n"[..], |_| ()).unwrap();
    let filter = builder.build().unwrap();
    let latin = Password::from_bytes(b"caf\xe9".to_vec()).unwrap();
    assert_eq!(filter.look_up(&latin), FilterStanding::ProbablyBreached);
    assert!(finds(&filter, "  spaces  "));
    assert_eq!(filter.passwords(), 2);
}

#[test]
fn a_line_has_a_limit() {
    let list = format!("first\n{}\n", "x".repeat(Password::MAX_BYTES + 1));
    let mut builder = FilterBuilder::new(Fingerprint::Bits8);
    let refused = builder.add_passwords(list.as_bytes(), |_| ());
    assert!(matches!(refused, Err(FilterBuildError::TooLong { line: 2 })));
}

#[test]
fn a_list_that_breaks_off() {
    let list = breaks_off_after("first\nsec");
    let refused = FilterBuilder::new(Fingerprint::Bits8).add_passwords(list, |_| ());
    assert!(matches!(refused, Err(FilterBuildError::Read { line: 2, .. })));
}

#[test]
fn a_filter_of_nothing_is_refused() {
    for list in ["", "\n\n"] {
        let mut builder = FilterBuilder::new(Fingerprint::Bits8);
        builder.add_passwords(list.as_bytes(), |_| ()).unwrap();
        assert!(matches!(builder.build(), Err(FilterBuildError::Empty)));
    }
    let below = sha1_list(&format!("{}:1\n", hex("password")), 2).unwrap();
    assert!(matches!(below.build(), Err(FilterBuildError::Empty)));
}

#[test]
fn progress_ends_at_the_whole() {
    let list = passwords("progress", 300_000).join("\n");
    let mut told = Vec::new();
    let mut builder = FilterBuilder::new(Fingerprint::Bits8);
    builder.add_passwords(list.as_bytes(), |bytes| told.push(bytes)).unwrap();
    assert!(told.len() > 3 && told.is_sorted(), "{told:?}");
    assert_eq!(told.last(), Some(&(list.len() as u64)));
}
