//! Records to check with, and how to compare them.

use std::time::{Duration, SystemTime};

use palisade_apikey::{
    ApiKeyId, DigestScheme, KeyDigest, KeyRecord, KeyStore, Revocation, RevocationReason, Scopes,
    Usage,
};

/// A moment in 2026 that is not a whole millisecond: when the checks take place.
pub(crate) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(1_790_000_000_123_457)
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MICROSECOND: Duration = Duration::from_micros(1);

/// An active record, number `n` of its kind: no two numbers share an id, a digest or a time of
/// creation.
#[must_use]
pub fn sample(n: u64) -> KeyRecord {
    KeyRecord {
        id: id(n),
        owner: "org_1".parse().expect("an owner"),
        format: "gmk_acct_live".to_owned(),
        environment: Some("live".to_owned()),
        name: "deploy".parse().expect("a name"),
        scopes: "read:controls".parse().expect("scopes"),
        server: None,
        digest: digest(n),
        last_four: "k4Qm".to_owned(),
        created: noon() - Duration::from_hours(1) + Duration::from_micros(n),
        expires: None,
        last_used: None,
        use_count: 0,
        revoked: None,
        replaces: None,
        replaced_by: None,
    }
}

/// A record that is to replace another.
pub(crate) fn successor(n: u64, of: &KeyRecord) -> KeyRecord {
    KeyRecord { replaces: Some(of.id.clone()), created: noon(), ..sample(n) }
}

pub(crate) fn id(n: u64) -> ApiKeyId {
    format!("key_{n:06}").parse().expect("an id")
}

pub(crate) fn digest(n: u64) -> KeyDigest {
    digest_under("hmac-sha256$2026a", n)
}

pub(crate) fn digest_under(scheme: &str, n: u64) -> KeyDigest {
    let mut bytes = [0xA5; 32];
    bytes[12..20].copy_from_slice(&n.to_be_bytes());
    KeyDigest::from_parts(self::scheme(scheme), bytes)
}

pub(crate) fn scheme(text: &str) -> DigestScheme {
    text.parse().expect("a scheme")
}

pub(crate) fn scopes(text: &str) -> Scopes {
    text.parse().expect("scopes")
}

pub(crate) fn revocation(seconds: u64, reason: RevocationReason) -> Revocation {
    Revocation { at: noon() + Duration::from_secs(seconds), reason }
}

pub(crate) fn usage(n: u64, count: u64, last_used: SystemTime) -> Usage {
    Usage { id: id(n), count, last_used }
}

/// Stores records that are new.
pub(crate) async fn insert_all(store: &impl KeyStore, records: &[KeyRecord]) {
    for record in records {
        store.insert_new(record).await.expect("the record is new");
    }
}

/// The record with this number, which has to be there.
pub(crate) async fn load(store: &impl KeyStore, n: u64) -> KeyRecord {
    let id = id(n);
    store.load(&id).await.expect("the store answers").unwrap_or_else(|| panic!("{id} is not there"))
}

/// Fails unless the store has this very record, by its id and by its digest.
pub(crate) async fn assert_stored(store: &impl KeyStore, expected: &KeyRecord) {
    let loaded = store.load(&expected.id).await.expect("the store answers");
    let loaded = loaded.unwrap_or_else(|| panic!("{} is not there", expected.id));
    assert_same(&loaded, expected);
    let found = store.find(std::slice::from_ref(&expected.digest)).await.expect("it answers");
    let found = found.unwrap_or_else(|| panic!("{} is not found by its digest", expected.id));
    assert_same(&found, expected);
}

#[track_caller]
pub(crate) fn assert_same(found: &KeyRecord, expected: &KeyRecord) {
    if let Err(field) = same_record(found, expected) {
        panic!("`{field}` differs:\n   found {found:?}\nexpected {expected:?}");
    }
}

/// Whether two records are the same in every field. A record has no `==`, because a digest has none.
///
/// # Errors
///
/// The name of the first field that differs.
pub fn same_record(a: &KeyRecord, b: &KeyRecord) -> Result<(), &'static str> {
    // Without `..`, so that a new field does not compile until it is compared here.
    let KeyRecord {
        id,
        owner,
        format,
        environment,
        name,
        scopes,
        server,
        digest,
        last_four,
        created,
        expires,
        last_used,
        use_count,
        revoked,
        replaces,
        replaced_by,
    } = a;
    let fields = [
        ("id", *id == b.id),
        ("owner", *owner == b.owner),
        ("format", *format == b.format),
        ("environment", *environment == b.environment),
        ("name", *name == b.name),
        ("scopes", *scopes == b.scopes),
        ("server", *server == b.server),
        ("digest", digest.verify(&b.digest).is_ok()),
        ("last_four", *last_four == b.last_four),
        ("created", *created == b.created),
        ("expires", *expires == b.expires),
        ("last_used", *last_used == b.last_used),
        ("use_count", *use_count == b.use_count),
        ("revoked", *revoked == b.revoked),
        ("replaces", *replaces == b.replaces),
        ("replaced_by", *replaced_by == b.replaced_by),
    ];
    fields.iter().find(|(_, same)| !same).map_or(Ok(()), |(field, _)| Err(field))
}
