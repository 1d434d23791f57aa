//! The worked example of the format page is true.

use std::time::{Duration, SystemTime};

use palisade_password::{Hasher, Password, Verdict};
use palisade_secret::{Keyring, MacKey};

#[test]
fn the_example_of_the_page_verifies() {
    let page = include_str!("../../../../docs/formats/password-hash.md");
    let now = SystemTime::UNIX_EPOCH;
    let pepper: Vec<u8> = (0..32).collect();
    let pepper = MacKey::dangerous_any_length(&pepper);
    let hmac = pepper.mac(&[b"palisade password v1:correct horse battery staple"]).to_bytes();
    let hmac = <base64ct::Base64 as base64ct::Encoding>::encode_string(&hmac);
    assert!(page.contains(&format!("\n{hmac}\n")));

    let hasher = Hasher::builder()
        .peppers(Keyring::new("2026a".parse().unwrap(), pepper))
        .accept_unpeppered_until(now + Duration::from_secs(1))
        .build()
        .unwrap();
    let password = Password::new("correct horse battery staple").unwrap();
    let example = page.split_once("## Worked example").unwrap().1;
    let in_code = example.split('`').filter(|part| part.starts_with("$2b$"));
    let on_lines = example.lines().filter(|line| line.starts_with('$'));
    let examples: Vec<&str> = on_lines.chain(in_code).collect();
    assert_eq!(examples.len(), 3);
    for hash in examples {
        let verdict = hasher.verify(&password, hash, now).unwrap();
        assert!(matches!(verdict, Verdict::Match { .. }), "{hash}");
    }
}
