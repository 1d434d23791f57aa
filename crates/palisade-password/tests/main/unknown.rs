//! Login names that nobody has.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use palisade_password::{
    Hasher, HasherBuilder, LegacyFailure, LegacyScheme, Limits, Normalization, Password, Scheme,
    SchemeMix, Schemes, Verdict, VerifyError,
};

use crate::support::{PASSWORD, Shop, bytes, cheap, examples, key, now, password, ring, sha_crypt};

type Asked = Arc<Mutex<Vec<Vec<u8>>>>;

/// A scheme that notes what it is asked: which kind stood in.
struct Spy {
    prefix: &'static str,
    asked: Asked,
}

impl LegacyScheme for Spy {
    fn name(&self) -> &'static str {
        self.prefix
    }
    fn prefix(&self) -> &'static str {
        self.prefix
    }
    fn split<'a>(&self, stored: &'a str) -> Option<(&'a str, &'a str)> {
        stored.split_at_checked(self.prefix.len())
    }
    fn digest(&self, password: &[u8], _head: &str) -> Result<String, LegacyFailure> {
        self.asked.lock().unwrap().push(password.to_vec());
        Ok("digest".to_owned())
    }
}

/// Two kinds, the second of them three times as often as the first.
struct Spies {
    one: Asked,
    three: Asked,
}

impl Spies {
    fn new() -> Self {
        Self { one: Asked::default(), three: Asked::default() }
    }

    fn hasher(&self, byte: u8) -> Hasher {
        let one = || Spy { prefix: "one$", asked: self.one.clone() };
        let three = || Spy { prefix: "three$", asked: self.three.clone() };
        let reader = cheap().legacy(one()).legacy(three()).build().unwrap();
        let mut mix = SchemeMix::new();
        for row in ["one$digest", "three$digest", "three$other", "three$another"] {
            mix.observe_with(&reader, row).unwrap();
        }
        assert_eq!(mix.kinds(), [("three$".to_owned(), 3), ("one$".to_owned(), 1)]);
        cheap().legacy(one()).legacy(three()).unknown_users(mix, key(byte)).build().unwrap()
    }

    /// Which kind stood in for a name.
    fn kind(&self, hasher: &Hasher, login: &str) -> &'static str {
        let verdict = hasher.verify_unknown_user(&password(PASSWORD), login, now()).unwrap();
        assert_eq!(verdict, Verdict::Mismatch, "the digest of the example is right");
        let asked =
            [&self.one, &self.three].map(|asked| std::mem::take(&mut *asked.lock().unwrap()));
        match asked.each_ref().map(Vec::len) {
            [1, 0] => "one",
            [0, 1] => "three",
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn kinds_come_as_often_as_in_the_store() {
    let spies = Spies::new();
    let hasher = spies.hasher(1);
    let mut count = BTreeMap::new();
    for user in 0..4000 {
        *count.entry(spies.kind(&hasher, &format!("user-{user}"))).or_insert(0) += 1;
    }
    // A quarter of 4000, and seven standard deviations either way.
    assert!((808..=1192).contains(&count["one"]), "{count:?}");
}

#[test]
fn a_name_keeps_its_kind_and_another_key_deals_anew() {
    let spies = Spies::new();
    let (first, second) = (spies.hasher(1), spies.hasher(2));
    let again = spies.hasher(1);
    let mut differ = 0;
    for user in 0..200 {
        let login = format!("user-{user}");
        let kind = spies.kind(&first, &login);
        assert_eq!(spies.kind(&first, &login), kind);
        assert_eq!(spies.kind(&again, &login), kind, "in another process");
        differ += u32::from(spies.kind(&second, &login) != kind);
    }
    assert!(differ > 20, "{differ}");
}

/// Whatever is typed, even the right password of the example row.
#[test]
fn the_answer_is_always_a_mismatch() {
    for example in examples(PASSWORD.as_bytes()) {
        let mut mix = SchemeMix::new();
        mix.observe(&example.stored).unwrap();
        let hasher = cheap().unknown_users(mix, key(1)).build().unwrap();
        for typed in [PASSWORD, "another", ""] {
            let verdict = hasher.verify_unknown_user(&password(typed), "nobody", now());
            assert_eq!(verdict.unwrap(), Verdict::Mismatch, "{}", example.dialect);
        }
    }
    // The minted example is of the all-zero digest.
    let verdict = cheap().build().unwrap().verify_unknown_user(&password(""), "", now());
    assert_eq!(verdict.unwrap(), Verdict::Mismatch);
}

/// What stands in is what a user costs: known by the error that a user of that kind gets.
fn cost_of(
    builder: HasherBuilder,
    rows: &[&str],
    typed: &Password,
) -> Result<Verdict, VerifyError> {
    let mut mix = SchemeMix::new();
    for row in rows {
        mix.observe(row).unwrap();
    }
    let hasher = builder.unknown_users(mix, key(1)).build().unwrap();
    hasher.verify_unknown_user(typed, "nobody", now())
}

/// A password that is too long for sha-crypt is refused for a user, so it is for nobody: the answer
/// must not tell them apart.
#[test]
fn a_password_that_a_kind_refuses_is_refused_for_nobody_too() {
    let row = sha_crypt(Scheme::Sha256Crypt, 1000, PASSWORD.as_bytes());
    let mut limits = Limits::default();
    limits.sha_crypt_work = 100_000;
    let long = password(&"a".repeat(1000));
    let known = cheap().limits(limits).build().unwrap().verify(&long, &row, now());
    assert!(matches!(known, Err(VerifyError::PasswordTooLong(_))), "{known:?}");
    let nobody = cost_of(cheap().limits(limits), &[&row], &long);
    assert!(matches!(nobody, Err(VerifyError::PasswordTooLong(_))), "{nobody:?}");
    let normalized = cheap().normalization(Normalization::Nfc);
    let nobody = cost_of(normalized, &[&row], &bytes(b"\xff"));
    assert!(matches!(nobody, Err(VerifyError::NotText)), "{nobody:?}");
}

/// No row of that kind can be logged in to any more, so none is imitated.
#[test]
fn a_kind_that_is_no_longer_accepted_falls_back_to_what_is_minted() {
    let spies = Spies::new();
    let reader = spies.hasher(1);
    let mut mix = SchemeMix::new();
    mix.observe_with(&reader, "one$digest").unwrap();
    let builder = |mix: &SchemeMix| {
        cheap()
            .legacy(Spy { prefix: "one$", asked: spies.one.clone() })
            .unknown_users(mix.clone(), key(1))
    };
    let asked = || std::mem::take(&mut *spies.one.lock().unwrap()).len();
    let ask = |hasher: &Hasher| {
        let verdict = hasher.verify_unknown_user(&password(PASSWORD), "nobody", now());
        assert_eq!(verdict.unwrap(), Verdict::Mismatch);
        asked()
    };
    assert_eq!(ask(&builder(&mix).build().unwrap()), 1);
    let narrow = builder(&mix).accept(Schemes::ALL.without(Scheme::Legacy)).build().unwrap();
    assert_eq!(ask(&narrow), 0);
    // Not accepted without a pepper; and once the allowance holds, imitated again.
    let peppered = || builder(&mix).peppers(ring(&["a"]));
    assert_eq!(ask(&peppered().build().unwrap()), 0);
    let until = |end| peppered().accept_unpeppered_until(end).build().unwrap();
    assert_eq!(ask(&until(now() + std::time::Duration::from_secs(1))), 1);
    assert_eq!(ask(&until(now())), 0);
    // A kind of a pepper that was retired.
    let mut retired = SchemeMix::new();
    let of_old = cheap().peppers(ring(&["z"])).build().unwrap().hash(&password(PASSWORD)).unwrap();
    retired.observe(of_old.as_str()).unwrap();
    let hasher = cheap().peppers(ring(&["a"])).unknown_users(retired, key(1)).build().unwrap();
    let verdict = hasher.verify_unknown_user(&password(PASSWORD), "nobody", now());
    assert_eq!(verdict.unwrap(), Verdict::Mismatch);
}

#[test]
fn kinds_are_told_apart_by_what_they_cost() {
    let mut mix = SchemeMix::new();
    for example in examples(PASSWORD.as_bytes()) {
        mix.observe(&example.stored).unwrap();
        mix.observe(&example.stored).unwrap();
    }
    assert!(mix.observe("no hash").is_err());
    let rows: u64 = mix.kinds().iter().map(|(_, rows)| rows).sum();
    assert_eq!(rows, 2 * u64::try_from(examples(b"").len()).unwrap());
    // The digest of PBKDF2 costs by its length.
    let mut mix = SchemeMix::new();
    for (len, digest) in [(32, "A".repeat(43)), (64, "A".repeat(86))] {
        mix.observe(&format!("$pbkdf2-sha256$i=1000,l={len}$AAAAAAAAAAA${digest}")).unwrap();
    }
    assert_eq!(mix.kinds().len(), 2);
}

#[test]
fn at_most_64_kinds_are_kept() {
    let mut mix = SchemeMix::new();
    for passes in 1..=100 {
        let tag = "A".repeat(43);
        mix.observe(&format!("$argon2id$v=19$m=8,t={passes},p=1$AAAAAAAAAAA${tag}")).unwrap();
    }
    assert_eq!(mix.kinds().len(), SchemeMix::MAX_KINDS);
    let reader = cheap().legacy(Shop).build().unwrap();
    mix.observe_with(&reader, &Shop::stored("salt", PASSWORD)).unwrap();
    assert_eq!(mix.kinds().len(), SchemeMix::MAX_KINDS);
    let empty = cheap().unknown_users(SchemeMix::new(), key(1)).build().unwrap();
    let verdict = empty.verify_unknown_user(&password(PASSWORD), "nobody", now());
    assert_eq!(verdict.unwrap(), Verdict::Mismatch);
}
