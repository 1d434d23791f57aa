//! The worked examples of `docs/formats/session-token.md`, recomputed.

use std::time::{Duration, SystemTime};

use base64ct::{Base64UrlUnpadded, Encoding};
use palisade_secret::{Keyring, MacKey};
use palisade_session::{NewClaims, SessionTokens, SigningKeys, TokenProfile};
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("../../../../docs/formats/session-token.md");

fn after(prefix: &str) -> &'static str {
    PAGE.lines().find_map(|line| line.strip_prefix(prefix)).unwrap()
}

#[test]
fn the_signed_token_is_right() {
    let bytes: Vec<u8> = (0..32).collect();
    let key = MacKey::dangerous_any_length(&bytes);
    let tokens = SessionTokens::new(
        SigningKeys::hs256(Keyring::new("2026a".parse().unwrap(), key)),
        TokenProfile::new("https://auth.example.com", "app").unwrap(),
    );
    let issued = SystemTime::UNIX_EPOCH + Duration::from_hours(498_672);
    let token = tokens.issue(&NewClaims {
        user: &"usr_01".parse().unwrap(),
        session: &"AAECAwQFBgcICQoLDA0ODw".parse().unwrap(),
        generation: 0,
        issued,
        expires: issued + Duration::from_hours(7 * 24),
    });

    let part = |name| Base64UrlUnpadded::encode_string(after(name).trim_matches('\'').as_bytes());
    let signature = PAGE.lines().filter_map(|line| line.strip_prefix("# ")).next_back().unwrap();
    let shown = format!("{}.{}.{signature}", part("HEADER="), part("PAYLOAD="));
    assert_eq!(token.expose_secret(), shown);
    assert!(tokens.verify(&shown, issued).is_ok());
}

#[test]
fn the_digest_is_right() {
    let secret = Base64UrlUnpadded::encode_string(&(0..32).collect::<Vec<u8>>());
    let digest = base16ct::lower::encode_string(&Sha256::digest(&secret));
    assert!(PAGE.contains(&format!("printf %s {secret} | openssl dgst -sha256\n# {digest}\n")));
}
