//! The entry point of [`palisade_fuzz::webhook_sign_verify`]: under libFuzzer, or over the files that are named.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| palisade_fuzz::webhook_sign_verify(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    palisade_fuzz::replay(palisade_fuzz::webhook_sign_verify, std::env::args_os().skip(1))
}
