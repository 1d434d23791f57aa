use std::fmt::Display;

use palisade_webhook::{
    Fresh, PrivateKey, PublicKey, ReplayKey, SharedSecret, Sighting, SignedHeaders, Signer,
    SigningKey, Verified, VerifiedStream, Verifier, VerifyingKey, VerifyingStream,
};
use serde::{Deserialize, Serialize};
use static_assertions::{assert_impl_all, assert_not_impl_any};

// A secret is shown on purpose alone.
assert_not_impl_any!(SharedSecret: Clone, Display, Serialize, Deserialize<'static>, PartialEq, Default);
assert_not_impl_any!(SharedSecret: std::hash::Hash, AsRef<[u8]>, std::ops::Deref, Into<Vec<u8>>);
assert_not_impl_any!(PrivateKey: Clone, Display, Serialize, Deserialize<'static>, PartialEq, Default);
assert_not_impl_any!(SigningKey: Display, Serialize, PartialEq, Default);
assert_not_impl_any!(VerifyingKey: Display, Serialize, PartialEq, Default);
// A key does what it is for.
assert_not_impl_any!(PublicKey: Into<SigningKey>, Into<SharedSecret>, Into<PrivateKey>);
assert_not_impl_any!(PrivateKey: Into<VerifyingKey>, Into<SharedSecret>);
assert_not_impl_any!(VerifyingKey: Into<SigningKey>);
// Nobody makes a proof, or keeps a copy of one.
assert_not_impl_any!(Verified<'static>: Clone, Default, Deserialize<'static>);
assert_not_impl_any!(VerifiedStream: Clone, Default, Deserialize<'static>);
assert_not_impl_any!(Fresh: Clone, Default, Deserialize<'static>);
assert_not_impl_any!(ReplayKey: Default, From<[u8; 32]>, Deserialize<'static>);
assert_not_impl_any!(Sighting: Default, From<ReplayKey>);
// Headers that are about to be sent are not printed by accident.
assert_not_impl_any!(SignedHeaders: Display);
assert_impl_all!(Verifier: Send, Sync, Clone);
assert_impl_all!(Signer: Send, Sync, Clone);
assert_impl_all!(VerifyingStream: Send, Sync);
assert_impl_all!(Verified<'static>: Send, Sync);
assert_impl_all!(SharedSecret: Send, Sync, std::fmt::Debug);

/// What must not compile: each file shows one misuse.
#[test]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
