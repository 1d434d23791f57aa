//! What must not compile: each file shows one misuse.

#[test]
fn misuse_of_epoch_tokens_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/epoch_*.rs");
}
