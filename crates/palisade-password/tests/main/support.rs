//! Policies, keys, and one stored hash of each dialect, made with the crates underneath and written
//! down here: nothing of the crate under test stands between them and the text.

use std::time::{Duration, SystemTime};

use argon2::{AssociatedData, ParamsBuilder};
use base64ct::{Base64, Base64Bcrypt, Base64Pbkdf2, Base64ShaCrypt, Base64Unpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use palisade_password::{
    Argon2id, Hasher, HasherBuilder, LegacyFailure, LegacyScheme, Password, RehashReason, Scheme,
    Schemes, Verdict,
};
use palisade_secret::{Keyring, MacKey};
use sha_crypt::password_hash::PasswordHasher;
use sha2::{Digest, Sha256};

/// What the examples are hashes of.
pub(crate) const PASSWORD: &str = "correct horse";

/// The cheapest parameters that Argon2id has.
pub(crate) const CHEAPEST: &str = "m=8,t=1,p=1";

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

pub(crate) fn bytes(bytes: &[u8]) -> Password {
    Password::from_bytes(bytes.to_vec()).unwrap()
}

pub(crate) fn argon2id(memory_kib: u32, passes: u32, lanes: u32) -> Argon2id {
    Argon2id::new(memory_kib, passes, lanes).unwrap()
}

/// Mints the cheapest, and accepts everything.
pub(crate) fn cheap() -> HasherBuilder {
    Hasher::builder().mint(argon2id(8, 1, 1)).accept(Schemes::ALL.with(Scheme::Bcrypt2x))
}

pub(crate) fn key(byte: u8) -> MacKey {
    MacKey::dangerous_any_length(&[byte; 32])
}

/// The key of an id of one letter is 32 of that letter; the first is the primary.
pub(crate) fn ring(ids: &[&str]) -> Keyring<MacKey> {
    let key = |id: &str| key(id.as_bytes()[0]);
    let (first, others) = ids.split_first().unwrap();
    others.iter().fold(Keyring::new(first.parse().unwrap(), key(first)), |ring, id| {
        ring.accept(id.parse().unwrap(), key(id)).unwrap()
    })
}

/// The reason to rehash of a match.
#[track_caller]
pub(crate) fn reason(hasher: &Hasher, password: &Password, stored: &str) -> Option<RehashReason> {
    match hasher.verify(password, stored, now()) {
        Ok(Verdict::Match { rehash, .. }) => rehash,
        other => panic!("{other:?} of {stored}"),
    }
}

#[track_caller]
pub(crate) fn assert_mismatch(hasher: &Hasher, password: &Password, stored: &str) {
    let verdict = hasher.verify(password, stored, now());
    assert!(matches!(verdict, Ok(Verdict::Mismatch)), "{verdict:?} of {stored}");
}

/// A stored hash of a dialect.
pub(crate) struct Example {
    pub(crate) dialect: &'static str,
    pub(crate) scheme: Scheme,
    pub(crate) stored: String,
}

/// One cheap stored hash of each dialect.
pub(crate) fn examples(password: &[u8]) -> Vec<Example> {
    use Scheme::*;
    let salt: [u8; 16] = *b"0123456789abcdef";
    let bcrypt_salt = Base64Bcrypt::encode_string(&salt);
    let sha256 = <[u8; 32]>::from(Sha256::digest(password));
    let keyed = {
        let mut mac = Hmac::<Sha256>::new_from_slice(bcrypt_salt.as_bytes()).unwrap();
        mac.update(password);
        Base64::encode_string(&mac.finalize().into_bytes())
    };
    let hex = sha256.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let shaped = [
        ("argon2id", Argon2id, argon2("argon2id", 19, "m=16,t=2,p=2", &salt, b"", password)),
        ("argon2i", Argon2i, argon2("argon2i", 19, CHEAPEST, &salt, b"", password)),
        ("argon2d", Argon2d, argon2("argon2d", 19, CHEAPEST, &salt, b"", password)),
        ("argon2i of 2015", Argon2i, argon2("argon2i", 16, CHEAPEST, &salt, b"", password)),
        ("argon2id with data", Argon2id, argon2("argon2id", 19, CHEAPEST, &salt, b"x", password)),
        (
            "Django's argon2",
            Argon2id,
            format!("argon2{}", argon2("argon2id", 19, CHEAPEST, &salt, b"", password)),
        ),
        ("2a", Bcrypt, bcrypt("2a", &salt, password)),
        ("2b", Bcrypt, bcrypt("2b", &salt, password)),
        ("2y", Bcrypt, bcrypt("2y", &salt, password)),
        // The bug of 2x is in bytes from 0x80.
        ("2x", Bcrypt2x, bcrypt("2x", &salt, PASSWORD.as_bytes())),
        ("Django's bcrypt", Bcrypt, format!("bcrypt${}", bcrypt("2b", &salt, password))),
        (
            "Django's bcrypt over SHA-256",
            BcryptSha256,
            format!("bcrypt_sha256${}", bcrypt("2b", &salt, hex.as_bytes())),
        ),
        (
            "passlib's bcrypt over SHA-256, version 1",
            BcryptSha256,
            passlib("2a,4", &bcrypt("2a", &salt, Base64::encode_string(&sha256).as_bytes())),
        ),
        (
            "passlib's bcrypt over SHA-256, version 2",
            BcryptSha256,
            passlib("v=2,t=2b,r=4", &bcrypt("2b", &salt, keyed.as_bytes())),
        ),
        ("scrypt", Scrypt, scrypt_phc(&salt, password)),
        ("scrypt of crypt(3)", Scrypt, scrypt_crypt("0123456789abcdef", password)),
        ("passlib's PBKDF2-SHA1", Pbkdf2Sha1, pbkdf2(Pbkdf2Sha1, &salt, password)),
        ("passlib's PBKDF2-SHA256", Pbkdf2Sha256, pbkdf2(Pbkdf2Sha256, &salt, password)),
        ("passlib's PBKDF2-SHA512", Pbkdf2Sha512, pbkdf2(Pbkdf2Sha512, &salt, password)),
        ("Django's PBKDF2-SHA1", Pbkdf2Sha1, django_pbkdf2(Pbkdf2Sha1, "seasalt", password)),
        ("Django's PBKDF2-SHA256", Pbkdf2Sha256, django_pbkdf2(Pbkdf2Sha256, "seasalt", password)),
        ("PBKDF2-SHA1, PHC", Pbkdf2Sha1, phc_pbkdf2(Pbkdf2Sha1, "i=3", &salt, 40, password)),
        (
            "PBKDF2-SHA256, PHC",
            Pbkdf2Sha256,
            phc_pbkdf2(Pbkdf2Sha256, "i=3,l=32", &salt, 32, password),
        ),
        (
            "PBKDF2-SHA512, PHC",
            Pbkdf2Sha512,
            phc_pbkdf2(Pbkdf2Sha512, "i=3,l=20", &salt, 20, password),
        ),
        ("sha256-crypt", Sha256Crypt, sha_crypt(Sha256Crypt, 1000, password)),
        ("sha512-crypt", Sha512Crypt, sha_crypt(Sha512Crypt, 1000, password)),
        (
            "sha512-crypt without rounds",
            Sha512Crypt,
            sha_crypt(Sha512Crypt, 5000, password).replace("rounds=5000$", ""),
        ),
    ];
    shaped
        .into_iter()
        .map(|(dialect, scheme, stored)| Example { dialect, scheme, stored })
        .collect()
}

/// A PHC string of Argon2; version 16 is named by naming none.
pub(crate) fn argon2(
    variant: &str,
    version: u32,
    params: &str,
    salt: &[u8],
    data: &[u8],
    password: &[u8],
) -> String {
    let numbers: Vec<u32> =
        params.split(',').map(|param| param.split_once('=').unwrap().1.parse().unwrap()).collect();
    let mut builder = ParamsBuilder::new();
    builder.m_cost(numbers[0]).t_cost(numbers[1]).p_cost(numbers[2]).output_len(32);
    let name = if version == 16 { String::new() } else { format!("$v={version}") };
    let mut text = format!("${variant}{name}${params}");
    if !data.is_empty() {
        builder.data(AssociatedData::new(data).unwrap());
        text = format!("{text},data={}", Base64Unpadded::encode_string(data));
    }
    let algorithm = argon2::Algorithm::new(variant).unwrap();
    let version = argon2::Version::try_from(version).unwrap();
    let mut tag = [0; 32];
    argon2::Argon2::new(algorithm, version, builder.build().unwrap())
        .hash_password_into(password, salt, &mut tag)
        .unwrap();
    let base64 = Base64Unpadded::encode_string;
    format!("{text}${}${}", base64(salt), base64(&tag))
}

/// At cost 4, of a password that is cut at 72 bytes.
pub(crate) fn bcrypt(version: &str, salt: &[u8; 16], password: &[u8]) -> String {
    let key: Vec<u8> = password.iter().copied().chain([0]).take(72).collect();
    let digest = bcrypt::bcrypt(4, *salt, &key);
    let base64 = Base64Bcrypt::encode_string;
    format!("${version}$04${}{}", base64(salt), base64(&digest[..23]))
}

fn passlib(params: &str, bcrypt: &str) -> String {
    let (salt, digest) = bcrypt[7..].split_at(22);
    format!("$bcrypt-sha256${params}${salt}${digest}")
}

fn scrypt_digest(salt: &[u8], password: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    scrypt::scrypt(password, salt, &scrypt::Params::new(2, 1, 2).unwrap(), &mut digest).unwrap();
    digest
}

fn scrypt_phc(salt: &[u8], password: &[u8]) -> String {
    let (base64, digest) = (Base64Unpadded::encode_string, scrypt_digest(salt, password));
    format!("$scrypt$ln=2,r=1,p=2${}${}", base64(salt), base64(&digest))
}

fn scrypt_crypt(salt: &str, password: &[u8]) -> String {
    let digest = Base64ShaCrypt::encode_string(&scrypt_digest(salt.as_bytes(), password));
    // N = 2^2, r = 1 and p = 2 in the digits of crypt(3).
    format!("$7$0/....0....{salt}${digest}")
}

pub(crate) fn pbkdf2_digest(
    scheme: Scheme,
    rounds: u32,
    salt: &[u8],
    len: usize,
    of: &[u8],
) -> Vec<u8> {
    let mut out = vec![0; len];
    match scheme {
        Scheme::Pbkdf2Sha1 => pbkdf2::pbkdf2_hmac::<sha1::Sha1>(of, salt, rounds, &mut out),
        Scheme::Pbkdf2Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(of, salt, rounds, &mut out),
        _ => pbkdf2::pbkdf2_hmac::<sha2::Sha512>(of, salt, rounds, &mut out),
    }
    out
}

fn block(scheme: Scheme) -> usize {
    match scheme {
        Scheme::Pbkdf2Sha1 => 20,
        Scheme::Pbkdf2Sha256 => 32,
        _ => 64,
    }
}

/// passlib's form, at 3 iterations.
pub(crate) fn pbkdf2(scheme: Scheme, salt: &[u8], password: &[u8]) -> String {
    let name = if scheme == Scheme::Pbkdf2Sha1 { "pbkdf2" } else { scheme.name() };
    let digest = pbkdf2_digest(scheme, 3, salt, block(scheme), password);
    let base64 = Base64Pbkdf2::encode_string;
    format!("${name}$3${}${}", base64(salt), base64(&digest))
}

/// Django hashes the characters of the salt.
pub(crate) fn django_pbkdf2(scheme: Scheme, salt: &str, password: &[u8]) -> String {
    let digest = pbkdf2_digest(scheme, 3, salt.as_bytes(), block(scheme), password);
    let name = scheme.name().replace('-', "_");
    format!("{name}$3${salt}${}", Base64::encode_string(&digest))
}

fn phc_pbkdf2(scheme: Scheme, params: &str, salt: &[u8], len: usize, password: &[u8]) -> String {
    let name = if scheme == Scheme::Pbkdf2Sha1 { "pbkdf2" } else { scheme.name() };
    let digest = pbkdf2_digest(scheme, 3, salt, len, password);
    let base64 = Base64Unpadded::encode_string;
    format!("${name}${params}${}${}", base64(salt), base64(&digest))
}

pub(crate) fn sha_crypt(scheme: Scheme, rounds: u32, password: &[u8]) -> String {
    let algorithm = match scheme {
        Scheme::Sha256Crypt => sha_crypt::Algorithm::Sha256Crypt,
        _ => sha_crypt::Algorithm::Sha512Crypt,
    };
    sha_crypt::ShaCrypt::new(algorithm, sha_crypt::Params::new(rounds).unwrap())
        .hash_password_with_salt(password, b"0123456789ab")
        .unwrap()
        .to_string()
}

/// A team's own scheme: `shop$<salt>$<64 hex digits>`, salted SHA-256.
pub(crate) struct Shop;

impl Shop {
    pub(crate) fn stored(salt: &str, password: &str) -> String {
        let head = format!("shop${salt}$");
        format!("{head}{}", Self.digest(password.as_bytes(), &head).unwrap())
    }
}

impl LegacyScheme for Shop {
    fn name(&self) -> &'static str {
        "shop"
    }
    fn prefix(&self) -> &'static str {
        "shop$"
    }
    fn split<'a>(&self, stored: &'a str) -> Option<(&'a str, &'a str)> {
        let (head, digest) = stored.split_at_checked(stored.len().checked_sub(64)?)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (head.ends_with('$') && digest.bytes().all(is_hex)).then_some((head, digest))
    }
    fn digest(&self, password: &[u8], head: &str) -> Result<String, LegacyFailure> {
        let salt = head.split('$').nth(1).ok_or(LegacyFailure)?;
        let digest = Sha256::new().chain_update(salt).chain_update(password).finalize();
        Ok(digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
    }
}
