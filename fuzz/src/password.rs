//! Targets for `palisade-password`.

use std::sync::OnceLock;
use std::time::SystemTime;

use palisade_password::{
    Argon2id, BreachedFilter, Hasher, LegacyFailure, LegacyScheme, Limits, Password, PasswordHash,
    RangeQuery, RangeStanding, Scheme, SchemeMix, Schemes, Verdict, VerifyError,
};
use palisade_secret::{Keyring, MacKey};

use crate::canary::{CANARY, assert_silent};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

/// The password of the seeds.
const PASSWORD: &str = "correct horse";

/// Reading a stored hash: whatever parses is short, of one line, and says the same of itself each time;
/// what is refused is never repeated.
pub fn password_parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(hasher) = hasher() else { return };
    match hasher.inspect(text) {
        Ok(inspection) => {
            assert!(text.len() <= PasswordHash::MAX_BYTES);
            let is_legacy = inspection.scheme() == Scheme::Legacy;
            assert!(is_legacy || text.bytes().all(|byte| byte.is_ascii_graphic()));
            assert_eq!(inspection.legacy_name().is_some(), is_legacy);
            assert_eq!(inspection.is_wrapped(), inspection.wrap_parameters().count() > 0);
            assert!(inspection.peppers().count() <= 1 + usize::from(inspection.is_wrapped()));
            assert!(inspection.to_string().contains(if is_legacy {
                "toy"
            } else {
                inspection.scheme().name()
            }));
            assert!(hasher.needs_rehash(text).is_ok());
            let mut mix = SchemeMix::new();
            let observed = mix.observe(text);
            assert!(is_legacy || (observed.is_ok() && mix.kinds().len() == 1));
            // One more character is another hash, or none: a pepper names another key.
            for end in ["\n", " ", "\0", "$", "="] {
                assert!(is_legacy || hasher.inspect(&format!("{text}{end}")).is_err());
            }
        }
        Err(error) => {
            assert_silent(&error);
            assert!(hasher.needs_rehash(text).is_err());
        }
    }
    for marked in [format!("{CANARY}{text}"), format!("{text}{CANARY}")] {
        if let Err(error) = hasher.inspect(&marked) {
            assert_silent(&error);
        }
    }
}

/// A filter file of any bytes: it is refused, or it is what it would be saved as and answers for any
/// password.
pub fn password_filter(data: &[u8]) {
    // The checksum would stop all but the seeds: with it made right, the header is what is read.
    let mut sealed = data.to_vec();
    if let Some(at) = sealed.len().checked_sub(4) {
        let checksum = crc32fast::hash(&sealed[..at]);
        sealed[at..].copy_from_slice(&checksum.to_le_bytes());
    }
    for bytes in [data.to_vec(), sealed] {
        let Ok(filter) = BreachedFilter::from_bytes(bytes.clone()) else { continue };
        assert_eq!(filter.as_bytes(), bytes);
        assert!(filter.passwords() > 0);
        for word in [PASSWORD, "", "password"] {
            let Ok(password) = Password::new(word) else { continue };
            let _ = filter.look_up(&password);
        }
    }
}

/// An answer of a range service of any bytes: a line of the password that was asked for is found, and no
/// other answer says that it was breached.
pub fn password_range(data: &[u8]) {
    let Ok(password) = Password::new("password") else { return };
    let query = RangeQuery::new(&password);
    let suffix = b"1E4C9B93F3F0682250B6CF8331B7EE68FD8:";
    let mentioned = data.to_ascii_uppercase().windows(suffix.len()).any(|window| window == suffix);
    let standing = query.find_in(data);
    assert!(mentioned || !matches!(standing, Ok(RangeStanding::Breached { .. })));
    if standing.is_ok() && !mentioned {
        let mut longer = data.to_vec();
        if !longer.ends_with(b"\n") {
            longer.push(b'\n');
        }
        longer.extend_from_slice(suffix);
        longer.push(b'7');
        let found = query.find_in(&longer);
        assert!(matches!(found, Ok(RangeStanding::Breached { count: 7 }) | Err(_)), "{found:?}");
    }
}

/// Comparing with a stored hash that may ask for anything: it is done within the limits, and a wrong
/// password matches no hash that the right one does.
///
/// The seeds are hashes of one password, each with a digest that is as it should be.
pub fn password_verify(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(hasher) = hasher() else { return };
    let (Ok(right), Ok(wrong)) = (Password::new(PASSWORD), Password::new("correct horsf")) else {
        return;
    };
    match hasher.verify(&right, text, NOW) {
        Ok(Verdict::Match { rehash, .. }) => {
            // Nothing here is longer than 72 bytes or holds a NUL.
            assert_eq!(hasher.needs_rehash(text).ok(), Some(rehash));
            assert!(matches!(hasher.verify(&wrong, text, NOW), Ok(Verdict::Mismatch)));
            assert_rehashes(hasher, &right, text);
        }
        Ok(Verdict::Mismatch) => {}
        Err(VerifyError::TooCostly(cost)) => assert!(cost.asked() > cost.limit()),
        Err(error) => assert_silent(&error),
    }
}

/// A match can be rehashed and wrapped, and matches then.
fn assert_rehashes(hasher: &Hasher, password: &Password, text: &str) {
    let verdict =
        hasher.rehash(password, text).map(|new| hasher.verify(password, new.as_str(), NOW));
    assert!(matches!(verdict, Ok(Ok(Verdict::Match { rehash: None, .. }))), "{verdict:?}");
    if let Ok(Some(wrapped)) = hasher.wrap(text, NOW) {
        let verdict = hasher.verify(password, wrapped.as_str(), NOW);
        assert!(matches!(verdict, Ok(Verdict::Match { rehash: Some(_), .. })), "{verdict:?}");
    }
}

/// Cheap limits, so that no input is slow.
fn hasher() -> Option<&'static Hasher> {
    static HASHER: OnceLock<Option<Hasher>> = OnceLock::new();
    HASHER.get_or_init(build).as_ref()
}

fn build() -> Option<Hasher> {
    let mut limits = Limits::default();
    limits.argon2_memory = 64 * 1024;
    limits.argon2_work = 128 * 1024;
    limits.bcrypt_cost = 4;
    limits.scrypt_memory = 16 * 1024;
    limits.scrypt_work = 32 * 1024;
    limits.pbkdf2_iterations = 100;
    limits.sha_crypt_rounds = 1000;
    let key = |byte: u8| MacKey::dangerous_any_length(&[byte; 32]);
    let peppers = Keyring::new("b".parse().ok()?, key(b'b')).accept("a".parse().ok()?, key(b'a'));
    Hasher::builder()
        .mint(Argon2id::new(16, 1, 1).ok()?)
        .limits(limits)
        .accept(Schemes::ALL.with(Scheme::Bcrypt2x))
        .peppers(peppers.ok()?)
        .accept_unpeppered_until(NOW + std::time::Duration::from_secs(1))
        .legacy(Toy)
        .build()
        .ok()
}

/// A scheme of a team's own, as strict as it has to be: `toy$<hex of the sum of the bytes>`.
struct Toy;

impl LegacyScheme for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }
    fn prefix(&self) -> &'static str {
        "toy$"
    }
    fn split<'a>(&self, stored: &'a str) -> Option<(&'a str, &'a str)> {
        let (head, digest) = stored.split_at_checked(4)?;
        (digest.len() == 8 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .then_some((head, digest))
    }
    fn digest(&self, password: &[u8], _head: &str) -> Result<String, LegacyFailure> {
        let sum: u32 = password.iter().map(|&byte| u32::from(byte)).sum();
        Ok(format!("{sum:08x}"))
    }
}
