//! What a policy may be, trap by trap.

use std::time::Duration;

use palisade_session::cookie::{
    CookieError, CookieSpec, CookieSpecBuilder, SameSite, SetCookieError,
};

const DAY: Duration = Duration::from_hours(24);

fn header(spec: CookieSpecBuilder) -> String {
    spec.build().unwrap().set_text("v").unwrap().expose_secret().to_owned()
}

fn refusal(spec: CookieSpecBuilder) -> CookieError {
    spec.build().unwrap_err()
}

#[test]
fn the_safe_choices_are_made_unless_others_are_named() {
    assert_eq!(header(CookieSpec::builder("sid")), "sid=v; HttpOnly; SameSite=Lax; Secure; Path=/");
    let dangerous =
        CookieSpec::builder("sid").dangerous_without_secure().dangerous_readable_by_scripts();
    assert_eq!(header(dangerous), "sid=v; SameSite=Lax; Path=/");
    let other = CookieSpec::builder("sid").path("/app").same_site(SameSite::None).max_age(2 * DAY);
    assert_eq!(header(other), "sid=v; HttpOnly; SameSite=None; Secure; Path=/app; Max-Age=172800");
}

#[test]
fn the_presets() {
    assert_eq!(
        header(CookieSpec::host("sid").strict()),
        "__Host-sid=v; HttpOnly; SameSite=Strict; Secure; Path=/"
    );
    assert_eq!(
        header(CookieSpec::domain("sid", ".Example.com")),
        "sid=v; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=example.com"
    );
    assert_eq!(
        header(CookieSpec::guardian_token("glassmkr.com")),
        "guardian_token=v; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=glassmkr.com; Max-Age=604800"
    );
    assert_eq!(
        header(CookieSpec::glacis_session()),
        "glacis_session=v; HttpOnly; SameSite=Strict; Secure; Path=/"
    );
    let spec = CookieSpec::guardian_token("glassmkr.com").build().unwrap();
    assert_eq!((spec.name(), spec.max_age()), ("guardian_token", Some(7 * DAY)));
    assert_eq!(CookieSpec::host("sid").build().unwrap().name(), "__Host-sid");
    assert_eq!(CookieSpec::glacis_session().strict().lax().build().unwrap().max_age(), None);
}

#[test]
fn a_prefix_keeps_its_promise_in_any_case() {
    let forms = |prefix: &str| {
        [prefix.to_owned(), prefix.to_uppercase(), prefix.to_lowercase()]
            .map(|prefix| CookieSpec::builder(&format!("{prefix}sid")))
    };
    for prefix in ["__Host-", "__Secure-", "__Http-", "__Host-Http-"] {
        for form in forms(prefix) {
            assert!(form.clone().build().is_ok(), "{form:?}");
            let insecure = form.dangerous_without_secure();
            assert_eq!(refusal(insecure), CookieError::PrefixWithoutSecure);
        }
    }
    for form in ["__Http-", "__Host-Http-"].into_iter().flat_map(forms) {
        let readable = form.dangerous_readable_by_scripts();
        assert_eq!(refusal(readable), CookieError::HttpPrefixReadableByScripts);
    }
    for form in ["__Host-", "__Host-Http-"].into_iter().flat_map(forms) {
        let domain = form.clone().domain("glassmkr.com");
        assert_eq!(refusal(domain), CookieError::HostPrefixWithDomain);
        assert_eq!(refusal(form.path("/app")), CookieError::HostPrefixWithPath);
    }
    for form in ["__Secure-", "__Http-"].into_iter().flat_map(forms) {
        assert!(form.domain("glassmkr.com").path("/app").build().is_ok());
    }
    for form in ["__Secure-", "__Host-"].into_iter().flat_map(forms) {
        assert!(form.dangerous_readable_by_scripts().build().is_ok());
    }
}

#[test]
fn a_name_is_a_token_and_more_than_a_prefix() {
    for good in ["a", "guardian_token", "!#%&'*+-.^_`|~09AZ", "__Host-__x", "a$", "Host-", "__"] {
        assert!(CookieSpec::builder(good).build().is_ok(), "{good}");
    }
    for bad in [
        "",
        " ",
        "a b",
        "a\tb",
        "a=b",
        "a;b",
        "a,b",
        "a\"b",
        "a/b",
        "a:b",
        "a@b",
        "{a}",
        "a\0",
        "a\x7f",
        "é",
        "$Version",
        "$",
        "__Host-",
        "__SECURE-",
        "__Host-Http-",
        "__Host-__Secure-x",
        "__Host-Http-__Host-x",
    ] {
        assert_eq!(refusal(CookieSpec::builder(bad)), CookieError::Name, "{bad:?}");
    }
    for bad in ["", "__Host-sid"] {
        assert_eq!(refusal(CookieSpec::host(bad)), CookieError::Name, "{bad:?}");
    }
}

#[test]
fn a_domain_is_the_name_of_a_host_without_its_dot() {
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    for (given, sent) in [
        ("glassmkr.com", "glassmkr.com"),
        (".glassmkr.com", "glassmkr.com"),
        ("App.GLASSMKR.Com", "app.glassmkr.com"),
        ("1.2.3.com", "1.2.3.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        (&longest, &longest),
    ] {
        assert!(header(CookieSpec::domain("a", given)).ends_with(&format!("; Domain={sent}")));
    }
    let too_long = format!("{longest}a");
    let long_label = format!("a{label}.com");
    for bad in [
        "",
        ".",
        "..",
        "..glassmkr.com",
        "glassmkr..com",
        "glassmkr.com.",
        "com",
        "localhost",
        "127.0.0.1",
        "127.1",
        "0x7f.0x1",
        "1.2.3.4.5",
        "::1",
        "[::1]",
        "::ffff:1.2.3.4",
        "glassmkr.com:443",
        "https://glassmkr.com",
        "glassmkr.com/",
        "glassmkr.com; Path=/x",
        "a b.com",
        " glassmkr.com",
        "glassmkr.com ",
        "-a.com",
        "a-.com",
        "a_b.com",
        "*.glassmkr.com",
        "bücher.example",
        "glassmkr\u{3002}com",
        "glassmkr.com\0",
        "a\r\nb.com",
        &too_long,
        &long_label,
    ] {
        assert_eq!(refusal(CookieSpec::domain("a", bad)), CookieError::Domain, "{bad:?}");
    }
}

#[test]
fn a_path_can_stand_in_a_request() {
    let longest = format!("/{}", "a".repeat(1023));
    for good in ["/", "/app", "/app/", "/a%20b", "/a=b,c", &longest] {
        let end = format!("; Path={good}");
        assert!(header(CookieSpec::builder("a").path(good)).ends_with(&end), "{good:?}");
    }
    let too_long = format!("{longest}a");
    for bad in [
        "", "app", " /", "/a b", "/ ", "/a;b", "/a\0", "/a\n", "/\x7f", "/é", "/?a", "/#a",
        &too_long,
    ] {
        assert_eq!(refusal(CookieSpec::builder("a").path(bad)), CookieError::Path, "{bad:?}");
    }
}

#[test]
fn same_site_none_is_secure() {
    let cross_site = CookieSpec::builder("a").same_site(SameSite::None);
    assert!(cross_site.clone().build().is_ok());
    let insecure = cross_site.dangerous_without_secure();
    assert_eq!(refusal(insecure), CookieError::SameSiteNoneWithoutSecure);
}

#[test]
fn a_life_is_a_second_to_400_days() {
    let second = Duration::from_secs(1);
    let with = |age| CookieSpec::builder("a").max_age(age);
    assert!(header(with(second)).ends_with("; Max-Age=1"));
    assert!(header(with(Duration::from_millis(1999))).ends_with("; Max-Age=1"));
    assert!(header(with(400 * DAY)).ends_with("; Max-Age=34560000"));
    for bad in [
        Duration::ZERO,
        Duration::from_millis(999),
        400 * DAY + Duration::from_nanos(1),
        400 * DAY + second,
        Duration::MAX,
    ] {
        assert_eq!(refusal(with(bad)), CookieError::MaxAge, "{bad:?}");
    }
}

#[test]
fn a_cookie_lives_no_longer_than_its_session() {
    let week = CookieSpec::builder("a").max_age(7 * DAY).build().unwrap();
    let open = CookieSpec::builder("a").build().unwrap();
    for (spec, remaining, seconds) in [
        (&week, DAY, 86_400),
        (&week, 8 * DAY, 604_800),
        (&week, Duration::MAX, 604_800),
        (&week, Duration::from_millis(1999), 1),
        (&week, Duration::from_millis(999), 0),
        (&open, DAY, 86_400),
        (&open, Duration::ZERO, 0),
        (&open, Duration::MAX, 34_560_000),
    ] {
        let set = spec.set_text_for("v", remaining).unwrap();
        let end = format!("; Max-Age={seconds}");
        assert!(set.expose_secret().ends_with(&end), "{remaining:?}");
    }
    assert!(!open.set_text("v").unwrap().expose_secret().contains("Max-Age"));
}

#[test]
fn what_a_browser_would_drop_is_refused() {
    let spec = CookieSpec::builder("sid").build().unwrap();
    let value = |len: usize| "a".repeat(len);
    assert!(spec.set_text(&value(4093)).is_ok());
    assert_eq!(spec.set_text(&value(4094)).unwrap_err(), SetCookieError::TooLong);
    let quoted = format!("\"{}\"", value(4091));
    assert!(spec.set_text(&quoted).is_ok());
    // A name so long leaves no room.
    let spec = CookieSpec::builder(&value(4096)).build().unwrap();
    assert!(spec.set_text("").is_ok());
    assert_eq!(spec.set_text("a").unwrap_err(), SetCookieError::TooLong);
}

#[test]
fn what_no_cookie_holds_is_refused() {
    let spec = CookieSpec::builder("sid").build().unwrap();
    for bad in 0..=0x7f_u8 {
        let allowed = matches!(bad, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
        for text in [format!("a{}b", char::from(bad)), format!("\"{}\"", char::from(bad))] {
            let set = spec.set_text(&text);
            assert_eq!(set.map(drop), if allowed { Ok(()) } else { Err(SetCookieError::Value) });
        }
    }
    for bad in
        ["\"", "\"a", "a\"", "\"a\"b", "é", "a\u{a0}", "a\r\nSet-Cookie: x=y", "a; Domain=b.c"]
    {
        assert_eq!(spec.set_text(bad).unwrap_err(), SetCookieError::Value, "{bad:?}");
    }
    for good in ["", "\"\"", "\"a\"", "eyJ.a-b_c"] {
        assert!(spec.set_text(good).is_ok(), "{good}");
    }
}

#[test]
fn removal_has_the_scope_of_the_cookie() {
    for spec in [
        CookieSpec::host("sid").strict(),
        CookieSpec::guardian_token("glassmkr.com"),
        CookieSpec::glacis_session(),
        CookieSpec::builder("sid").path("/app").same_site(SameSite::None).max_age(DAY),
        CookieSpec::builder("sid").dangerous_without_secure().dangerous_readable_by_scripts(),
    ] {
        let spec = spec.build().unwrap();
        let set = spec.set_text("v").unwrap();
        let kept = set.expose_secret().split("; Max-Age=").next().unwrap();
        let scope = kept.strip_prefix(&format!("{}=v", spec.name())).unwrap();
        assert_eq!(spec.remove().expose_secret(), format!("{}={scope}; Max-Age=0", spec.name()));
    }
}

#[test]
fn nothing_shows_the_value() {
    let secret = "Qx7vKz3Jw9";
    let spec = CookieSpec::host("sid").build().unwrap();
    let set = spec.set_text(secret).unwrap();
    assert_eq!(format!("{set:?}"), "SetCookie(<redacted>)");
    let refused =
        [format!("{secret};"), secret.repeat(500)].map(|text| spec.set_text(&text).unwrap_err());
    for error in refused {
        assert!(!format!("{error} {error:?}").contains(secret));
    }
    for error in [
        refusal(CookieSpec::builder(&format!("{secret};"))),
        refusal(CookieSpec::domain("a", secret)),
        refusal(CookieSpec::builder("a").path(secret)),
    ] {
        assert!(!format!("{error} {error:?}").contains(secret));
    }
}
