use palisade_apikey::{Checksum, FormatError, Formats, KeyFormat, MAX_KEY_LEN, Malformed};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::support::{account, collector, formats, test_account};

const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[test]
fn the_documented_lengths() {
    for (prefix, length) in
        [("gmk_acct_live", 62), ("gmk_cru_live", 61), ("glc_live", 57), ("gh_live", 56)]
    {
        assert_eq!(KeyFormat::new(prefix).unwrap().key_length(), length, "{prefix}");
    }
}

#[test]
fn a_prefix_is_segments_of_plain_letters() {
    for good in ["a", "gmk", "gmk_acct_live", "a_b_c_d", "x9_live2"] {
        assert!(KeyFormat::new(good).is_ok(), "{good}");
    }
    let long = "a".repeat(65);
    for bad in [
        "",
        "_",
        "a_",
        "_a",
        "a__b",
        "A",
        "9a",
        "a_9",
        "a-b",
        "a_b_c_d_e",
        "é",
        "a b",
        "a\0",
        &long,
    ] {
        assert_eq!(KeyFormat::new(bad).unwrap_err(), FormatError::Prefix, "{bad:?}");
    }
}

#[test]
fn a_body_is_long_enough_and_not_too_long() {
    for (digits, ok) in [(0, false), (21, false), (22, true), (128, true), (129, false)] {
        assert_eq!(account().body_length(digits).is_ok(), ok, "{digits}");
    }
    let longest = KeyFormat::new(&"a".repeat(64)).unwrap().body_length(128).unwrap();
    assert!(longest.key_length() <= MAX_KEY_LEN);
    let key = longest.mint().unwrap().reveal();
    longest.parse(&key).unwrap();
}

#[test]
fn overlapping_prefixes_are_refused() {
    let both = |a, b| Formats::new([KeyFormat::new(a).unwrap(), KeyFormat::new(b).unwrap()]);
    assert!(both("gmk_acct", "gmk_acct_live").is_err());
    assert!(both("gmk_acct_live", "gmk").is_err());
    assert!(both("gmk", "gmk").is_err());
    assert!(both("gmk", "gmka").is_ok());
    assert_eq!(Formats::new([]).unwrap_err(), FormatError::NoFormats);
}

#[test]
fn each_kind_of_damage_has_its_name() {
    let formats = formats();
    let key = account().mint().unwrap().reveal();
    let why = |text: &str| formats.parse(text).unwrap_err();

    assert_eq!(why(""), Malformed::Empty);
    assert_eq!(why(&"a".repeat(1 << 20)), Malformed::TooLong);
    assert_eq!(why(&key.to_uppercase()), Malformed::Prefix);
    assert_eq!(why(&key[1..]), Malformed::Prefix);
    assert_eq!(why(&format!(" {key}")), Malformed::Prefix);
    assert_eq!(why("gmk_acct_live"), Malformed::Prefix);
    assert_eq!(why("gmk_acct_live_"), Malformed::Length);
    assert_eq!(why(&key[..61]), Malformed::Length);
    assert_eq!(why(&format!("{key}\n")), Malformed::Length);
    assert_eq!(why(&key.replacen("gmk_acct_live_", "gmk_acct_live__", 1)), Malformed::Length);
    assert_eq!(why(&format!("{}\0", &key[..61])), Malformed::Character);
    assert_eq!(why(&format!("{}é{}", &key[..20], &key[22..])), Malformed::Character);
    assert_eq!(why(&format!("{}-{}", &key[..57], &key[58..])), Malformed::Character);
    assert_eq!(why(&format!("{}_{}", &key[..20], &key[21..])), Malformed::Character);
    assert_eq!(why(&key.replacen("live", "test", 1)), Malformed::Checksum);
}

/// A known mistake: a generator that is cloned in each call mints the same key each time.
#[test]
fn one_generator_mints_different_keys() {
    let mut rng = StdRng::seed_from_u64(1);
    let a = account().dangerous_mint_with_rng(&mut rng).unwrap().reveal();
    let b = account().dangerous_mint_with_rng(&mut rng).unwrap().reveal();
    assert_ne!(a, b);
    let again = account().dangerous_mint_with_rng(&mut StdRng::seed_from_u64(1)).unwrap().reveal();
    assert_eq!(a, again);
}

/// A known mistake: `byte % 62` favours the first eight digits by a quarter. Over 62,000 digits that would be
/// eight standard deviations; even digits stay within five.
#[test]
fn digits_are_even() {
    let mut rng = StdRng::seed_from_u64(2);
    let mut counts = [0_i32; 62];
    for _ in 0..1_000 {
        let key = KeyFormat::new("a")
            .unwrap()
            .body_length(62)
            .unwrap()
            .checksum(Checksum::None)
            .dangerous_mint_with_rng(&mut rng)
            .unwrap()
            .reveal();
        for digit in &key.as_bytes()[2..] {
            counts[DIGITS.iter().position(|d| d == digit).unwrap()] += 1;
        }
    }
    let spread = counts.iter().map(|count| (count - 1_000).abs()).max().unwrap();
    assert!(spread < 5 * 32, "{counts:?}");
}

/// A known mistake: splitting at `_` breaks prefixes that hold one.
#[test]
fn prefixes_with_underscores_parse() {
    let deep = KeyFormat::new("a_b_c_live").unwrap();
    let formats = Formats::new([deep.clone(), account(), collector()]).unwrap();
    for format in [&deep, &account(), &collector()] {
        let key = format.mint().unwrap().reveal();
        assert_eq!(formats.parse(&key).unwrap().format().prefix(), format.prefix());
    }
}

/// The naive parser: split from the right, and compute the CRC bit by bit.
fn naive_accepts(formats: &[KeyFormat], text: &str) -> bool {
    formats.iter().any(|format| {
        let Some((head, check)) = text.rsplit_once('_') else { return false };
        let Some((prefix, body)) = head.rsplit_once('_') else { return false };
        let digits = |part: &str| part.bytes().all(|byte| DIGITS.contains(&byte));
        prefix == format.prefix()
            && body.len() == 43
            && check.len() == 4
            && digits(body)
            && digits(check)
            && naive_check(head) == check
    })
}

fn naive_check(text: &str) -> String {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let mut value = !crc % 62_u32.pow(4);
    let mut digits = Vec::new();
    for _ in 0..4 {
        digits.insert(0, DIGITS[(value % 62) as usize]);
        value /= 62;
    }
    String::from_utf8(digits).unwrap()
}

/// A valid key, changed in one of the ways that happen to keys.
fn damaged() -> impl Strategy<Value = String> {
    let key = any::<u64>().prop_map(|seed| {
        account().dangerous_mint_with_rng(&mut StdRng::seed_from_u64(seed)).unwrap().reveal()
    });
    (key, 0_usize..62, any::<char>(), 0_u8..9).prop_map(|(key, at, other, how)| match how {
        0 => key,
        1 => format!("{}{other}{}", &key[..at], &key[at + 1..]),
        2 => format!("{}{other}{}", &key[..at], &key[at..]),
        3 => format!("{}{}", &key[..at], &key[at + 1..]),
        4 => key[..at].to_owned(),
        5 => key.replacen("live", "test", 1),
        6 => format!("{}{}", &key[..at], key[at..].to_uppercase()),
        7 => key.replace('_', &other.to_string()),
        _ => format!("{key}{other}"),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn damage_is_judged_as_the_naive_parser_does(text in damaged()) {
        let list = [account(), test_account(), collector()];
        prop_assert_eq!(formats().parse(&text).is_ok(), naive_accepts(&list, &text), "{}", text);
    }

    #[test]
    fn any_text_is_judged_as_the_naive_parser_does(text in ".{0,80}") {
        let list = [account(), test_account(), collector()];
        prop_assert_eq!(formats().parse(&text).is_ok(), naive_accepts(&list, &text));
    }

    #[test]
    fn what_is_minted_parses(
        prefix in "[a-z][a-z0-9]{0,9}(_[a-z][a-z0-9]{0,9}){0,3}",
        body in 22_usize..=128,
        checksum in prop_oneof![
            Just(Checksum::None), Just(Checksum::Crc32Prefixed4), Just(Checksum::Crc32Body6)
        ],
    ) {
        let format =
            KeyFormat::new(&prefix).unwrap().body_length(body).unwrap().checksum(checksum);
        let key = format.mint().unwrap().reveal();
        prop_assert_eq!(key.len(), format.key_length());
        let parsed = format.parse(&key).unwrap();
        prop_assert_eq!(parsed.mask().to_string(), format!("{}_…{}", prefix, &key[key.len() - 4..]));
    }
}
