//! The entry point of [`palisade_fuzz::webhook_message`]: under libFuzzer, or over the files that are named.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| palisade_fuzz::webhook_message(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    palisade_fuzz::replay(palisade_fuzz::webhook_message, std::env::args_os().skip(1))
}
