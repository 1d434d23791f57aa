//! `palisade epoch`.

use serde_json::json;

use crate::command::palisade;

#[test]
fn an_epoch_has_its_bounds() {
    for at in ["2024-01-01T12:00:00Z", "2024-01-01T12:59:59.9Z", "1704110400", "1704113999"] {
        let answer = palisade(&["--json", "epoch", "now", "--at", at], b"");
        assert_eq!(answer.code, 0);
        assert_eq!(
            answer.json(),
            json!({
                "epoch": "epoch_2024010112", "starts_at": 1_704_110_400,
                "refresh_from": 1_704_113_700, "expires_at": 1_704_114_000,
            }),
            "{at}"
        );
    }
    let text = palisade(&["epoch", "now", "--at", "1704110400"], b"").stdout;
    assert_eq!(
        text,
        "epoch      epoch_2024010112\n\
         starts     2024-01-01T12:00:00Z\n\
         refresh    2024-01-01T12:55:00Z\n\
         expires    2024-01-01T13:00:00Z\n"
    );
    assert!(palisade(&["epoch", "now"], b"").stdout.starts_with("epoch      epoch_2"));
}

#[test]
fn a_window_says_where_the_clock_stands() {
    for (at, leeway, code, standing) in [
        ("1704110399", "0s", 1, "not_yet_valid"),
        ("1704110399", "1s", 0, "valid"),
        ("1704110400", "0s", 0, "valid"),
        ("1704113700", "0s", 0, "refresh_due"),
        ("1704114000", "0s", 1, "expired"),
        ("1704114004", "5s", 0, "refresh_due"),
        ("1704114005", "5s", 1, "expired"),
    ] {
        let args = ["epoch", "window", "epoch_2024010112", "--at", at, "--leeway", leeway];
        let answer = palisade(&[&["--json"], &args[..]].concat(), b"");
        assert_eq!((answer.code, &answer.json()["standing"]), (code, &json!(standing)), "{at}");
        let text = palisade(&args, b"");
        assert_eq!(text.code, code);
        assert!(text.stdout.contains("\nstanding   "), "{text:?}");
    }
    assert_eq!(palisade(&["epoch", "window", "epoch_1970010100"], b"").code, 1);
}

#[test]
fn what_is_no_epoch_and_no_time_is_an_error() {
    let wrong: [&[&str]; 9] = [
        &["epoch", "window", "epoch_2024010124"],
        &["epoch", "window", "2024010112"],
        &["epoch", "window"],
        &["epoch", "window", "epoch_2024010112", "--leeway", "5"],
        &["epoch", "now", "--at", ""],
        &["epoch", "now", "--at", "noon"],
        &["epoch", "now", "--at", "-1"],
        &["epoch", "now", "--at", "99999999999999999999"],
        &["epoch", "now", "--at", "253402300800"],
    ];
    for args in wrong {
        let answer = palisade(args, b"");
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{args:?}");
    }
    // The last hour that has a name, whose end has no date here.
    let last = palisade(&["epoch", "now", "--at", "253402300799"], b"");
    assert!(last.stdout.ends_with("expires    253402300800 seconds after 1970\n"), "{last:?}");
}
