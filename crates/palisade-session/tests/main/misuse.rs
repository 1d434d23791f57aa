use std::fmt::Display;

use palisade_session::{
    Credential, RecentAuth, SecretDigest, Session, SessionClaims, SessionRecord, SessionToken,
    SignIn,
};
use serde::{Deserialize, Serialize};
use static_assertions::{assert_impl_all, assert_not_impl_any};

// A token is shown once, to the client it is for, and in no other way.
assert_not_impl_any!(SessionToken: Clone, Display, Serialize, PartialEq, AsRef<str>, Default);
assert_not_impl_any!(SessionToken: std::ops::Deref, Into<String>, From<String>);
// Digests are compared in constant time only.
assert_not_impl_any!(SecretDigest: PartialEq, Display, Copy, std::hash::Hash);
assert_not_impl_any!(Credential: PartialEq);
assert_not_impl_any!(SessionRecord: PartialEq, Default);
// Nobody makes a proof.
assert_not_impl_any!(Session: Default, Serialize, Deserialize<'static>);
assert_not_impl_any!(RecentAuth: Default, Serialize, Deserialize<'static>);
assert_not_impl_any!(SessionClaims: Default, Serialize, Deserialize<'static>);
// A sign-in that has begun is used up by the session that it becomes.
assert_not_impl_any!(SignIn: Clone, Default);
assert_impl_all!(Session: Send, Sync, Clone);
assert_impl_all!(SessionToken: Send, Sync, std::fmt::Debug);

/// What must not compile: each file shows one misuse.
#[test]
fn misuse_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
    cases.compile_fail("tests/compile_fail/cookie/*.rs");
}
