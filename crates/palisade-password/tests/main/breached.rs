mod build;
mod filter;
mod format;
mod range;

use palisade_password::{BreachedFilter, FilterBuilder, FilterStanding, Fingerprint, Password};

const BOTH: [Fingerprint; 2] = [Fingerprint::Bits8, Fingerprint::Bits16];

fn filter<'a>(
    fingerprint: Fingerprint,
    passwords: impl IntoIterator<Item = &'a str>,
) -> BreachedFilter {
    let list = passwords.into_iter().collect::<Vec<_>>().join("\n");
    let mut builder = FilterBuilder::new(fingerprint);
    builder.add_passwords(list.as_bytes(), |_| ()).unwrap();
    builder.build().unwrap()
}

fn finds(filter: &BreachedFilter, password: &str) -> bool {
    let standing = filter.look_up(&Password::new(password).unwrap());
    standing == FilterStanding::ProbablyBreached
}

/// `count` passwords that no other seed yields.
fn passwords(seed: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{seed}-{n}")).collect()
}
