//! The header types of the `http` crate.

use http::header::{CACHE_CONTROL, COOKIE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use palisade_session::cookie::{CookieRefused, CookieSpec, TooManyHeaders};

fn spec() -> CookieSpec {
    CookieSpec::host("sid").strict().build().unwrap()
}

#[test]
fn the_header_value_is_the_text_and_is_sensitive() {
    let set = spec().set_text("c2Vzc2lvbg").unwrap();
    let value = set.to_header_value();
    assert_eq!(value.to_str().unwrap(), set.expose_secret());
    assert!(value.is_sensitive());
    assert!(!format!("{value:?}").contains("c2Vzc2lvbg"));
}

#[test]
fn a_response_that_sets_a_session_is_not_cached() {
    let mut headers = HeaderMap::new();
    headers.append(CACHE_CONTROL, "public, max-age=600".parse().unwrap());
    headers.append(CACHE_CONTROL, "immutable".parse().unwrap());
    headers.append(SET_COOKIE, "theme=dark".parse().unwrap());
    spec().set_text("a").unwrap().append_to(&mut headers).unwrap();
    spec().remove().append_to(&mut headers).unwrap();

    let all = |name| headers.get_all(name).iter().collect::<Vec<_>>();
    assert_eq!(all(CACHE_CONTROL), ["no-store"]);
    assert_eq!(
        all(SET_COOKIE),
        [
            "theme=dark",
            "__Host-sid=a; HttpOnly; SameSite=Strict; Secure; Path=/",
            "__Host-sid=; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=0",
        ]
    );
    assert!(headers.get_all(SET_COOKIE).iter().skip(1).all(HeaderValue::is_sensitive));
}

/// A map holds some 32,000 names; with one more it would panic.
#[test]
fn a_full_response_gets_no_cookie_without_its_no_store() {
    let mut headers = HeaderMap::new();
    for n in 0.. {
        let name = HeaderName::try_from(format!("x-{n}")).unwrap();
        if headers.try_append(name, HeaderValue::from_static("")).is_err() {
            break;
        }
    }
    let set = spec().set_text("a").unwrap();
    assert_eq!(set.append_to(&mut headers), Err(TooManyHeaders));
    assert!(!headers.contains_key(SET_COOKIE));

    headers.remove("x-0");
    assert_eq!(set.append_to(&mut headers), Err(TooManyHeaders));
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    assert!(!headers.contains_key(SET_COOKIE));
}

#[test]
fn all_cookie_fields_of_a_request_are_read() {
    let mut headers = HeaderMap::new();
    assert_eq!(spec().read_headers(&headers), Ok(None));
    headers.append(COOKIE, "theme=dark".parse().unwrap());
    headers.append(COOKIE, "__Host-sid=a".parse().unwrap());
    headers.append(COOKIE, HeaderValue::from_bytes(b"latin=\xe9").unwrap());
    assert_eq!(spec().read_headers(&headers), Ok(Some("a")));
    headers.append(COOKIE, "__Host-sid=b".parse().unwrap());
    assert_eq!(spec().read_headers(&headers), Err(CookieRefused::Ambiguous));
}
