//! The entry point of [`palisade_fuzz::password_range`]: under libFuzzer, or over the files that are named.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| palisade_fuzz::password_range(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    palisade_fuzz::replay(palisade_fuzz::password_range, std::env::args_os().skip(1))
}
