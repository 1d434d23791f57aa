//! The entry point of [`palisade_fuzz::ratelimit_quota`]: under libFuzzer, or over the files that are named.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| palisade_fuzz::ratelimit_quota(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    palisade_fuzz::replay(palisade_fuzz::ratelimit_quota, std::env::args_os().skip(1))
}
