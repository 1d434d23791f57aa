//! Parts of a policy that do not fit together are found when it is built.

use palisade_password::{
    Argon2id, Bcrypt, BuildError, Hasher, LegacyFailure, LegacyScheme, Scheme, Schemes, VerifyError,
};
use palisade_secret::SecretBytes;

use crate::support::now;

/// A scheme that only has a prefix.
struct Prefixed(&'static str);

impl LegacyScheme for Prefixed {
    fn name(&self) -> &'static str {
        "prefixed"
    }
    fn prefix(&self) -> &'static str {
        self.0
    }
    fn split<'a>(&self, stored: &'a str) -> Option<(&'a str, &'a str)> {
        Some(stored.split_at(self.0.len()))
    }
    fn digest(&self, _password: &[u8], _head: &str) -> Result<String, LegacyFailure> {
        Err(LegacyFailure)
    }
    fn accepts(&self, head: &str) -> bool {
        !head.contains("bomb")
    }
    fn cost(&self, _head: &str) -> String {
        "rounds=5".to_owned()
    }
}

#[test]
fn a_legacy_scheme_that_would_never_be_asked_is_refused() {
    for prefix in ["$2b$", "$argon2id$v=", "$5$rounds", "pbkdf2_sha256$", "$wrap$", "$hmac-sha256$"]
    {
        let built = Hasher::builder().legacy(Prefixed(prefix)).build();
        assert!(matches!(built, Err(BuildError::LegacyPrefix)), "{prefix}");
    }
    for (one, other) in [("md5$", "md5$"), ("md5$", "md5$salted$"), ("", "md5$")] {
        let built = Hasher::builder().legacy(Prefixed(one)).legacy(Prefixed(other)).build();
        assert!(matches!(built, Err(BuildError::LegacyPrefix)), "{one} and {other}");
    }
    // What begins like nothing else is theirs.
    for prefix in ["", "$", "md5$", "$2$"] {
        assert!(Hasher::builder().legacy(Prefixed(prefix)).build().is_ok(), "{prefix}");
    }
}

#[test]
fn a_legacy_scheme_says_what_it_costs_and_a_failure_is_no_mismatch() {
    let hasher = Hasher::builder().legacy(Prefixed("md5$")).build().unwrap();
    let inspection = hasher.check("md5$digest", now()).unwrap();
    assert_eq!(inspection.to_string(), "prefixed cost=rounds=5");
    let password = palisade_password::Password::new("password").unwrap();
    let failed = hasher.verify(&password, "md5$digest", now());
    assert!(matches!(failed, Err(VerifyError::Legacy { name: "prefixed" })));
}

#[test]
fn a_legacy_scheme_bounds_its_cost_within_a_wrapping_too() {
    let hasher = Hasher::builder().legacy(Prefixed("md5$")).build().unwrap();
    let outer = "$wrap$argon2id$v=19$m=19456,t=2,p=1$uIq0EpgaXM7xmSapmvaKkw$YLX4J0v7UKmtOhTFypckfJmkmx+8MbMon8DXKPkV+EI";
    assert!(hasher.check(&format!("{outer}$md5$salt$*32"), now()).is_ok());
    let bomb = hasher.check(&format!("{outer}$md5$bomb$*32"), now());
    assert!(matches!(bomb, Err(VerifyError::Malformed(_))), "{bomb:?}");
}

#[test]
fn what_is_minted_has_to_verify() {
    let above = Argon2id::new(512 * 1024, 1, 1).unwrap();
    assert!(matches!(Hasher::builder().mint(above).build(), Err(BuildError::MintAboveLimits(_))));
    let only_argon2id = Schemes::of(&[Scheme::Argon2id]);
    let built = Hasher::builder().mint(Bcrypt::COST_12).accept(only_argon2id).build();
    assert!(matches!(built, Err(BuildError::MintNotAccepted)));
    let prehashed = Bcrypt::COST_12.with_prehash();
    let built = Hasher::builder().mint(prehashed).accept(Schemes::of(&[Scheme::Bcrypt])).build();
    assert!(matches!(built, Err(BuildError::MintNotAccepted)));
}

#[test]
fn what_needs_a_pepper_is_refused_without_one() {
    let built = Hasher::builder().accept_unpeppered_until(now()).build();
    assert!(matches!(built, Err(BuildError::AllowanceWithoutPepper)));
    let secret = SecretBytes::dangerous_unchecked(vec![3; 8]);
    let built = Hasher::builder().argon2_secret(None, secret).build();
    assert!(matches!(built, Err(BuildError::Argon2SecretWithoutPepper)));
}

#[test]
fn a_stored_hash_is_checked_without_a_password() {
    let hasher = Hasher::builder().accept(Schemes::of(&[Scheme::Argon2id])).build().unwrap();
    let bcrypt = "$2b$04$xnFVhJsTzsFBTeP3PpgbMeMREb6rdKV9faW54Sx.yg9plf4jY8qT6";
    assert!(hasher.inspect(bcrypt).is_ok());
    assert!(matches!(hasher.check(bcrypt, now()), Err(VerifyError::NotAccepted { .. })));
    let bomb = "$argon2id$v=19$m=8388608,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ";
    assert!(matches!(hasher.check(bomb, now()), Err(VerifyError::TooCostly(_))));
}
