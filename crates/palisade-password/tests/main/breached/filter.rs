use std::fs;

use palisade_password::{BreachedFilter, FilterError, Fingerprint};
use proptest::prelude::*;

use super::{BOTH, filter, finds, passwords};

/// Where the fields of the header are: `docs/formats/breached-filter.md`.
const HEADER: usize = 32;

fn small() -> Vec<u8> {
    filter(Fingerprint::Bits8, ["password", "123456", "qwerty"]).as_bytes().to_vec()
}

/// What an attacker who knows the format makes of it: the checksum fits again.
fn reseal(bytes: &mut [u8]) {
    let (content, checksum) = bytes.split_last_chunk_mut::<4>().unwrap();
    *checksum = crc32fast::hash(content).to_le_bytes();
}

fn look_some_up(filter: &BreachedFilter) {
    for any in passwords("any", 20) {
        let _ = finds(filter, &any);
    }
}

proptest! {
    #[test]
    fn all_that_went_in_is_found(
        list in prop::collection::hash_set("[^\r\n\0]{1,20}", 1..300),
    ) {
        for fingerprint in BOTH {
            let filter = filter(fingerprint, list.iter().map(String::as_str));
            prop_assert_eq!(filter.passwords(), list.len() as u64);
            for password in &list {
                prop_assert!(finds(&filter, password), "{}", password);
            }
        }
    }
}

/// Of 100,000 others, 391 on average for 8 bits (standard deviation 19.7) and 1.5 for 16. The bounds
/// are six deviations away. The passwords are fixed, so it cannot fail by chance.
#[test]
fn others_are_found_as_often_as_said() {
    let inside = passwords("inside", 20_000);
    for (fingerprint, expected) in BOTH.into_iter().zip([272..=509, 0..=9]) {
        let filter = filter(fingerprint, inside.iter().map(String::as_str));
        let found =
            passwords("outside", 100_000).iter().filter(|other| finds(&filter, other)).count();
        assert!(expected.contains(&found), "{fingerprint:?}: {found}");
    }
}

#[test]
fn a_file_is_refused_when_a_byte_is_changed() {
    let good = small();
    assert!(BreachedFilter::from_bytes(good.clone()).is_ok());
    for at in 0..good.len() {
        for change in 1..=255 {
            let mut bad = good.clone();
            bad[at] ^= change;
            assert!(BreachedFilter::from_bytes(bad).is_err(), "byte {at}, {change:#x}");
        }
    }
}

#[test]
fn a_file_is_refused_when_it_is_cut_off_or_goes_on() {
    let good = small();
    for len in 0..good.len() {
        assert!(BreachedFilter::from_bytes(good[..len].to_vec()).is_err(), "{len} bytes");
    }
    let mut longer = good.clone();
    longer.push(0);
    let refused = BreachedFilter::from_bytes(longer);
    assert!(matches!(refused, Err(FilterError::Length { .. })));
}

/// A checksum is no signature. Whatever the header says, the filter is refused or harmless.
#[test]
fn a_hostile_header_is_harmless() {
    let good = small();
    let mut accepted = 0;
    for at in 0..HEADER {
        for value in 0..=255 {
            let mut bad = good.clone();
            bad[at] = value;
            reseal(&mut bad);
            if let Ok(filter) = BreachedFilter::from_bytes(bad) {
                accepted += 1;
                look_some_up(&filter);
            }
        }
    }
    // The seed can be any, and the number of passwords a little off: these are not in vain.
    assert!(accepted > 8 * 255, "{accepted}");
}

proptest! {
    #[test]
    fn a_hostile_file_is_harmless(
        bits in prop::sample::select(vec![0_u8, 8, 16, 255]),
        segment_bits in 0..=20_u8,
        segments in prop_oneof![0..20_u32, any::<u32>()],
        rest in prop::collection::vec(any::<u8>(), 20..300),
    ) {
        let mut bytes = small()[..9].to_vec();
        bytes.extend([bits, segment_bits, 0]);
        bytes.extend(segments.to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(1_u64.to_le_bytes());
        bytes.extend(rest);
        // As long as the header says where that is possible, so that the length does not end it.
        let slots = (segments as usize + 2) << segment_bits;
        if slots < 10_000 {
            bytes.resize(HEADER + slots * usize::from(bits / 8) + 4, 0xA5);
        }
        reseal(&mut bytes);
        if let Ok(filter) = BreachedFilter::from_bytes(bytes) {
            look_some_up(&filter);
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    let changed = |at: usize, value: u8| {
        let mut bad = small();
        bad[at] = value;
        reseal(&mut bad);
        BreachedFilter::from_bytes(bad).err()
    };
    assert!(matches!(changed(0, b'P'), Some(FilterError::NotAFilter)));
    assert!(matches!(changed(8, 2), Some(FilterError::Version { found: 2 })));
    assert!(matches!(changed(9, 7), Some(FilterError::Header)));
    assert!(matches!(changed(10, 19), Some(FilterError::Header)));
    assert!(matches!(changed(11, 1), Some(FilterError::Header)));
    assert!(matches!(changed(12, 9), Some(FilterError::Length { .. })));
    assert!(matches!(changed(24, 0), Some(FilterError::Header)));
    assert!(matches!(changed(31, 1), Some(FilterError::Header)));
    let mut bad = small();
    bad[HEADER] ^= 1;
    assert!(matches!(BreachedFilter::from_bytes(bad), Err(FilterError::Checksum)));
}

#[test]
fn saved_and_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("breached.filter");
    fs::write(&path, "what was there before, and longer than the filter".repeat(100)).unwrap();
    let filter = filter(Fingerprint::Bits16, ["password"]);
    filter.save(&path).unwrap();

    let opened = BreachedFilter::open(&path).unwrap();
    assert_eq!(opened.as_bytes(), filter.as_bytes());
    assert_eq!((opened.passwords(), opened.fingerprint()), (1, Fingerprint::Bits16));
    assert!(finds(&opened, "password"));
    assert_eq!(format!("{opened:?}"), "BreachedFilter(1 passwords)");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
}

/// A service under another user has to be able to read what an operator made.
#[cfg(unix)]
#[test]
fn a_saved_file_has_the_rights_of_any_other() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (saved, other) = (folder.path().join("saved"), folder.path().join("other"));
    filter(Fingerprint::Bits8, ["password"]).save(&saved).unwrap();
    fs::write(&other, "").unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(saved), mode(other));
}

#[test]
fn what_fails_leaves_no_draft_and_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let filter = filter(Fingerprint::Bits8, ["password"]);
    assert!(filter.save(folder.path().join("missing/file")).is_err());
    // A folder cannot be replaced by a file.
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    assert!(filter.save(&taken).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn files_that_are_no_filter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    assert!(matches!(BreachedFilter::open(&path), Err(FilterError::Read(_))));
    assert!(matches!(BreachedFilter::open(folder.path()), Err(FilterError::Read(_))));
    for content in [&b""[..], b"palbfuse", b"some other file of more than thirty-two bytes"] {
        fs::write(&path, content).unwrap();
        assert!(matches!(BreachedFilter::open(&path), Err(FilterError::NotAFilter)));
    }
}

/// A header promises gigabytes that the file does not have, or little of a large file.
#[test]
fn a_file_of_another_length_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let mut promising = small();
    promising[10] = 18;
    promising[12..16].copy_from_slice(&10_000_u32.to_le_bytes());
    reseal(&mut promising);
    let mut large = small();
    let expected_of_large = large.len() as u64;
    large.resize(4 << 20, 0);
    reseal(&mut large);
    for (file, length) in [(promising, 2_621_964_324), (large, expected_of_large)] {
        fs::write(&path, &file).unwrap();
        let mut refused = None;
        let measured = allocation_counter::measure(|| refused = BreachedFilter::open(&path).err());
        let told =
            matches!(refused, Some(FilterError::Length { expected, .. }) if expected == length);
        assert!(told, "{refused:?}");
        assert!(measured.bytes_max < 4096, "{}", measured.bytes_max);
    }
}
