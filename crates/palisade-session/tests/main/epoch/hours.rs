//! Epoch ids and bounds, with another library's calendar as the oracle.

use std::time::{Duration, SystemTime};

use palisade_session::{Epoch, EpochStanding, InvalidEpoch};
use proptest::prelude::*;
use time::OffsetDateTime;

use super::{noon, seconds};

const HOURS: std::ops::RangeInclusive<u32> = 0..=70_389_527;

fn at(hours: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(1) * hours
}

fn oracle(hours: u32) -> String {
    let at = OffsetDateTime::from_unix_timestamp(i64::from(hours) * 3600).unwrap();
    let (year, month, day) = at.to_calendar_date();
    format!("epoch_{year:04}{:02}{day:02}{:02}", u8::from(month), at.hour())
}

fn assert_hour(hours: u32) {
    let epoch = Epoch::of(at(hours)).unwrap();
    let text = oracle(hours);
    assert_eq!(epoch.to_string(), text);
    assert_eq!(text.parse(), Ok(epoch));
    assert_eq!(epoch.starts_at(), at(hours));
}

/// Every hour around the ends of all months from 1970 to 2470, which holds every rule of leap years.
#[test]
fn five_centuries_agree_with_the_oracle() {
    for day in 0..183_000 {
        assert_hour(day * 24 + day % 24);
    }
}

proptest! {
    #[test]
    fn any_hour_agrees_with_the_oracle(hours in HOURS, within in 0..3600_u64) {
        assert_hour(hours);
        let epoch = Epoch::of(at(hours) + seconds(within)).unwrap();
        prop_assert_eq!(epoch.starts_at(), at(hours));
        prop_assert_eq!(epoch.expires_at(), at(hours) + Epoch::LENGTH);
        prop_assert_eq!(epoch.refresh_from(), at(hours) + seconds(3300));
        if let Some(next) = epoch.next() {
            prop_assert_eq!(next.starts_at(), epoch.expires_at());
            prop_assert!(next > epoch && next.to_string() > epoch.to_string());
        }
    }

    #[test]
    fn what_is_read_is_written_the_same(text in "epoch_[0-9]{10}|epoch_[12][0-9]{3}[01][0-9][0-3][0-9][0-2][0-9]") {
        if let Ok(epoch) = text.parse::<Epoch>() {
            prop_assert_eq!(epoch.to_string(), text);
        } else {
            // The oracle knows no such hour either.
            let number = |range| text.get(range).and_then(|digits: &str| digits.parse::<u16>().ok()).unwrap();
            let (year, month, day, hour) = (number(6..10), number(10..12), number(12..14), number(14..16));
            let is_real = time::Month::try_from(u8::try_from(month).unwrap()).is_ok_and(|month| {
                time::Date::from_calendar_date(year.into(), month, u8::try_from(day).unwrap()).is_ok()
            });
            prop_assert!(year < 1970 || hour > 23 || !is_real, "{}", text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,24}") {
        if let Ok(epoch) = text.parse::<Epoch>() {
            prop_assert_eq!(epoch.to_string(), text);
        }
    }

    #[test]
    fn standing_is_that_of_the_definition(hours in 2..1_000_000_u32, offset in 0..10_800_u64, leeway in 0..120_u64) {
        let epoch = Epoch::of(at(hours)).unwrap();
        // From one hour before the start on.
        let now = at(hours - 1) + seconds(offset);
        let standing = epoch.standing(now, seconds(leeway));
        let expected = if offset + leeway < 3600 {
            EpochStanding::NotYetValid
        } else if offset >= 7200 + leeway {
            EpochStanding::Expired
        } else if offset >= 6900 {
            EpochStanding::RefreshDue
        } else {
            EpochStanding::Valid
        };
        prop_assert_eq!(standing, expected);
    }
}

#[test]
fn one_spelling_alone_is_read() {
    let good = "epoch_2024010112";
    assert!(good.parse::<Epoch>().is_ok());
    let mut bad = vec![good.to_uppercase(), good.replace("epoch_", "Epoch_"), good.repeat(2)];
    for extra in [" ", "\n", "\r\n", "\0", "\t", "\u{a0}", "\u{feff}", "0", "Z", "+"] {
        bad.extend([format!("{extra}{good}"), format!("{good}{extra}")]);
        bad.push(good.replace('_', extra));
        bad.push(good.replacen('_', &format!("_{extra}"), 1));
    }
    bad.extend((0..good.len()).map(|end| good[..end].to_owned()));
    bad.extend(
        [
            "epoch_1969123123",
            "epoch_0000010100",
            "epoch_2024010124",
            "epoch_2024000112",
            "epoch_2024013212",
            "epoch_2024043112",
            "epoch_2100022912",
            "epoch_2023022912",
            "epoch_+024010112",
            "epoch_ 024010112",
            "epoch_-024010112",
            "epoch_２０２４010112",
            "epoch_20240101１",
        ]
        .map(str::to_owned),
    );
    for text in bad {
        assert_eq!(text.parse::<Epoch>(), Err(InvalidEpoch), "{text:?}");
    }
}

#[test]
fn time_has_a_first_and_a_last_hour() {
    let first = Epoch::of(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(first.to_string(), "epoch_1970010100");
    assert_eq!(Epoch::of(SystemTime::UNIX_EPOCH - Duration::from_nanos(1)), Err(InvalidEpoch));

    let last: Epoch = "epoch_9999123123".parse().unwrap();
    assert_eq!(last.next(), None);
    assert_eq!(Epoch::of(last.expires_at() - Duration::from_nanos(1)), Ok(last));
    assert_eq!(Epoch::of(last.expires_at()), Err(InvalidEpoch));
    let beyond = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1 << 62)).unwrap();
    assert_eq!(Epoch::of(beyond), Err(InvalidEpoch));
}

#[test]
fn bounds_are_half_open_and_leeway_has_no_limit() {
    let epoch = Epoch::of(noon()).unwrap();
    let nano = Duration::from_nanos(1);
    assert_eq!(Epoch::of(noon() + Epoch::LENGTH - nano), Ok(epoch));
    assert_ne!(Epoch::of(noon() + Epoch::LENGTH), Ok(epoch));
    assert_eq!(epoch.standing(noon() - nano, Duration::ZERO), EpochStanding::NotYetValid);
    assert_eq!(epoch.standing(noon(), Duration::ZERO), EpochStanding::Valid);
    assert_eq!(epoch.standing(noon() + Epoch::LENGTH, Duration::ZERO), EpochStanding::Expired);
    assert_eq!(epoch.standing(SystemTime::UNIX_EPOCH, Duration::MAX), EpochStanding::Valid);
    assert_eq!(
        epoch.standing(noon() + Duration::from_hours(9), Duration::MAX),
        EpochStanding::RefreshDue
    );
}

#[test]
fn it_is_text_to_serde_and_to_a_reader() {
    let epoch: Epoch = "epoch_2024010112".parse().unwrap();
    assert_eq!(format!("{epoch:?}"), "Epoch(epoch_2024010112)");
    assert_eq!(String::from(epoch), epoch.to_string());
    assert_eq!(Epoch::try_from(epoch.to_string()), Ok(epoch));
    assert!(!InvalidEpoch.to_string().contains("2024"));
}
