use std::fmt::Display;

use palisade_session::cookie::{CookieSpec, CookieSpecBuilder, SetCookie};
use serde::Serialize;
use static_assertions::{assert_impl_all, assert_not_impl_any};

// The header holds the token: it is shown by `expose_secret` and in no other way.
assert_not_impl_any!(SetCookie: Clone, Display, Serialize, PartialEq, AsRef<str>, Default, Into<String>);
// A spec is what a builder has checked.
assert_not_impl_any!(CookieSpec: Default, From<CookieSpecBuilder>);
assert_impl_all!(CookieSpec: Send, Sync, Clone);
