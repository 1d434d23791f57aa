//! Reading a cookie allocates nothing, and writing one does so once: text that grew would leave copies
//! of the token behind.

use std::time::Duration;

use allocation_counter::measure;
use palisade_session::cookie::{
    CookieRefused, CookieSpec, MAX_HEADER_BYTES, SetCookieError, read_one,
};

fn assert_allocations(count: u64, what: &str, run: impl FnOnce()) {
    let info = measure(run);
    assert_eq!(info.count_total, count, "{what}: {info:?}");
}

#[test]
fn reading_allocates_nothing() {
    let token = "a".repeat(2000);
    let right = format!("theme=dark; sid={token}; sid={token}; lang=en");
    let ambiguous = format!("{right}; sid=evil");
    let separators = ";".repeat(MAX_HEADER_BYTES);
    let crowd: Vec<String> = (0..10_000).map(|n| format!("c{n}=v")).collect();
    let crowd = crowd.join("; ");

    assert_allocations(0, "one", || assert_eq!(read_one([&right], "sid"), Ok(Some(&*token))));
    assert_allocations(0, "none", || assert_eq!(read_one([&right], "x"), Ok(None)));
    assert_allocations(0, "ambiguous", || {
        assert_eq!(read_one([&ambiguous], "sid"), Err(CookieRefused::Ambiguous));
    });
    assert_allocations(0, "malformed", || {
        assert_eq!(read_one(["sid=a\0b"], "sid"), Err(CookieRefused::Malformed));
    });
    assert_allocations(0, "as many empty cookies as fit", || {
        assert_eq!(read_one([&separators], "sid"), Ok(None));
    });
    assert_allocations(0, "10,000 cookies", || {
        assert_eq!(read_one([&crowd], "sid"), Err(CookieRefused::TooLarge));
    });
    assert_allocations(0, "10,000 fields of a byte", || {
        assert_eq!(read_one(std::iter::repeat_n("=", 10_000), "sid"), Ok(None));
    });
}

#[test]
fn writing_allocates_once() {
    let token = "a".repeat(2000);
    let spec = CookieSpec::guardian_token("glassmkr.com").build().unwrap();
    let longest = Duration::from_hours(400 * 24);
    let spec_of_the_longest = CookieSpec::host("s").max_age(longest).build().unwrap();
    assert_allocations(1, "set", || drop(spec.set_text(&token).unwrap()));
    assert_allocations(1, "set with the longest life", || {
        drop(spec_of_the_longest.set_text_for(&token, Duration::MAX).unwrap());
    });
    assert_allocations(1, "remove", || drop(spec.remove()));
    let long = "a".repeat(4097);
    assert_allocations(0, "refuse", || {
        assert_eq!(spec.set_text(&long).unwrap_err(), SetCookieError::TooLong);
        assert_eq!(spec.set_text("a;b").unwrap_err(), SetCookieError::Value);
    });
}
