use std::fmt::Display;

use palisade_password::{
    Hasher, HasherBuilder, Inspection, Limits, Password, PasswordHash, SchemeMix, Verdict,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

// A password is shown by nothing but `expose_secret`, and compared by nothing but a hasher.
assert_not_impl_any!(Password: Display, PartialEq, AsRef<str>, AsRef<[u8]>, Default, Copy);
assert_not_impl_any!(Password: std::ops::Deref);
// A stored hash is compared in constant time only, and not printed in passing.
assert_not_impl_any!(PasswordHash: Display, PartialEq, Copy, AsRef<str>);
// A proof is not made by default.
assert_not_impl_any!(Verdict: Default);
assert_impl_all!(Hasher: Send, Sync, Clone);
assert_impl_all!(HasherBuilder: Send, Sync);
assert_impl_all!(Password: Send, Sync, Clone);
assert_impl_all!(PasswordHash: Send, Sync, Clone);
assert_impl_all!(Verdict: Send, Sync, Copy);
assert_impl_all!(Inspection: Send, Sync, Display);
assert_impl_all!(SchemeMix: Send, Sync);
assert_impl_all!(Limits: Send, Sync, Copy);

#[cfg(feature = "serde")]
assert_not_impl_any!(Password: serde::Serialize);
#[cfg(feature = "serde")]
assert_impl_all!(PasswordHash: serde::Serialize);

/// What must not compile: each file shows one misuse.
#[test]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
