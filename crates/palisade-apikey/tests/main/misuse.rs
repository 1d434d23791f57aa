use std::fmt::Display;

use palisade_apikey::{ApiKey, Authenticated, KeyDigest, PresentedKey};
use serde::Serialize;
use static_assertions::{assert_impl_all, assert_not_impl_any};

// A key in clear is shown once, by consuming it, and in no other way.
assert_not_impl_any!(ApiKey: Clone, Display, Serialize, PartialEq, AsRef<str>, Default);
assert_not_impl_any!(PresentedKey<'static, 'static>: Display, Serialize, PartialEq, AsRef<str>);
// Digests are compared in constant time only, and nobody makes a proof.
assert_not_impl_any!(KeyDigest: PartialEq, Display, Copy);
assert_not_impl_any!(Authenticated: Default, Serialize);
assert_impl_all!(Authenticated: Send, Sync, Clone);

/// What must not compile: each file shows one misuse.
#[test]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
