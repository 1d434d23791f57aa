//! Dates of the Gregorian calendar from 1970 on, in UTC: what an epoch is written with.

/// Days from 1970-01-01 to this date, which must be a real one.
pub(super) fn days(year: u32, month: u32, day: u32) -> Option<u32> {
    let before_month = MONTHS.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    let after = MONTHS.get(usize::try_from(month).ok()?).unwrap_or(&365);
    let leap = u32::from(is_leap(year));
    let length = after - before_month + if month == 2 { leap } else { 0 };
    let leap_before = if month > 2 { leap } else { 0 };
    (year >= 1970 && (1..=length).contains(&day))
        .then(|| days_before(year) + before_month + leap_before + day - 1)
}

/// Year, month and day of the date so many days after 1970-01-01.
pub(super) fn date(days: u32) -> (u32, u32, u32) {
    // No year is longer than 366 days, so this is the year or an earlier one.
    let mut year = 1970 + days / 366;
    while days_before(year + 1) <= days {
        year += 1;
    }
    let rest = days - days_before(year);
    // A leap year as if it were none: what follows the leap day moves forward by one.
    let leap = u32::from(is_leap(year));
    if leap == 1 && rest == 59 {
        return (year, 2, 29);
    }
    let rest = if rest > 59 { rest - leap } else { rest };
    let (month, before) =
        (1..).zip(MONTHS).take_while(|(_, before)| *before <= rest).last().unwrap_or((1, 0));
    (year, month, rest - before + 1)
}

/// How many days of a common year come before each month.
const MONTHS: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days from 1970-01-01 to the first day of the year.
fn days_before(year: u32) -> u32 {
    let leap_days = |last: u32| last / 4 - last / 100 + last / 400;
    (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969)
}
