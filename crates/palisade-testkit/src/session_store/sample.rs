//! Records to check with, and how to compare them.

use std::time::{Duration, SystemTime};

use palisade_session::{
    Credential, EndReason, Ending, Factor, Factors, Horizon, SecretDigest, SessionId, SessionLimit,
    SessionRecord, SessionStore, Stored, Touch, UserId,
};

/// A moment in 2026 that is not a whole millisecond: when the checks take place.
pub(crate) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(1_790_000_000_123_457)
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MICROSECOND: Duration = Duration::from_micros(1);

/// The most sessions that a limit may allow.
pub(crate) fn no_limit() -> SessionLimit {
    SessionLimit::end_least_recently_used(SessionLimit::MAX)
}

/// A horizon that holds every record, even those of 1970.
pub(crate) fn always() -> Horizon {
    let before = SystemTime::UNIX_EPOCH - SECOND;
    Horizon { created_after: before, seen_after: before }
}

/// A record of the user `usr_1`, number `n` of its kind, of generation 0: no two numbers share an id, a
/// digest, a time of creation or a time of last use. The higher the number, the later both times.
#[must_use]
pub fn sample(n: u64) -> SessionRecord {
    let created = noon() - Duration::from_hours(1) + Duration::from_micros(n);
    SessionRecord {
        id: id(n),
        user: user(1),
        generation: 0,
        credential: Credential::Opaque(digest(n)),
        created,
        last_seen: created + SECOND,
        address: Some([192, 0, 2, 1].into()),
        user_agent: None,
        device: Some("Firefox on Linux".parse().expect("a label")),
        factors: Factors::none().with(Factor::Password, created),
        ended: None,
    }
}

pub(crate) fn id(n: u64) -> SessionId {
    format!("ses_{n:06}").parse().expect("an id")
}

pub(crate) fn user(n: u64) -> UserId {
    format!("usr_{n}").parse().expect("a user id")
}

pub(crate) fn digest(n: u64) -> SecretDigest {
    let mut bytes = [0xA5; 32];
    bytes[12..20].copy_from_slice(&n.to_be_bytes());
    SecretDigest::from_bytes(bytes)
}

pub(crate) fn ending(seconds: u64, reason: EndReason) -> Ending {
    Ending { at: noon() + Duration::from_secs(seconds), reason }
}

pub(crate) fn touch(at: SystemTime) -> Touch {
    Touch { at, address: None }
}

/// The record, of the generation that its user has now.
pub(crate) async fn current(store: &impl SessionStore, record: SessionRecord) -> SessionRecord {
    let generation = store.generation(&record.user).await.expect("the store answers");
    SessionRecord { generation, ..record }
}

/// Stores the record, which has to be new, of the generation that its user has now.
pub(crate) async fn begin(store: &impl SessionStore, record: SessionRecord) -> SessionRecord {
    let record = current(store, record).await;
    let ended = store.insert_new(&record, no_limit(), &always()).await;
    assert_eq!(ended.expect("the record is new"), [], "nobody has that many sessions");
    record
}

/// Stores the samples with these numbers.
pub(crate) async fn begin_all(
    store: &impl SessionStore,
    numbers: impl IntoIterator<Item = u64>,
) -> Vec<SessionRecord> {
    let mut records = Vec::new();
    for n in numbers {
        records.push(begin(store, sample(n)).await);
    }
    records
}

/// What the store has under this id.
pub(crate) async fn find(store: &impl SessionStore, id: &SessionId) -> Option<Stored> {
    store.load(id).await.expect("the store answers")
}

/// The record with this number, which has to be there.
pub(crate) async fn load(store: &impl SessionStore, n: u64) -> SessionRecord {
    let id = id(n);
    find(store, &id).await.unwrap_or_else(|| panic!("{id} is not there")).record
}

pub(crate) async fn generation(store: &impl SessionStore, user: &UserId) -> u64 {
    store.generation(user).await.expect("the store answers")
}

/// Whether a session is there and live.
pub(crate) async fn is_live(store: &impl SessionStore, id: &SessionId) -> bool {
    let stored = find(store, id).await;
    stored.is_some_and(|s| s.record.ended.is_none() && s.record.generation == s.user_generation)
}

/// The ids of the live sessions of a user.
pub(crate) async fn live_ids(store: &impl SessionStore, user: &UserId) -> Vec<SessionId> {
    let list = store.list(user, &always(), u32::MAX).await.expect("the store answers");
    list.into_iter().map(|record| record.id).collect()
}

/// Fails unless the store has this very record.
pub(crate) async fn assert_stored(store: &impl SessionStore, expected: &SessionRecord) {
    let stored = find(store, &expected.id).await;
    let stored = stored.unwrap_or_else(|| panic!("{} is not there", expected.id));
    assert_same(&stored.record, expected);
    assert_eq!(stored.user_generation, generation(store, &expected.user).await);
}

#[track_caller]
pub(crate) fn assert_same(found: &SessionRecord, expected: &SessionRecord) {
    if let Err(field) = same_session(found, expected) {
        panic!("`{field}` differs:\n   found {found:?}\nexpected {expected:?}");
    }
}

/// Whether two records are the same in every field. A record has no `==`, because a digest has none.
///
/// # Errors
///
/// The name of the first field that differs.
pub fn same_session(a: &SessionRecord, b: &SessionRecord) -> Result<(), &'static str> {
    // Without `..`, so that a new field does not compile until it is compared here.
    let SessionRecord {
        id,
        user,
        generation,
        credential,
        created,
        last_seen,
        address,
        user_agent,
        device,
        factors,
        ended,
    } = a;
    let same_credential = match (credential, &b.credential) {
        (Credential::Opaque(a), Credential::Opaque(b)) => a.verify(b).is_ok(),
        (Credential::Signed, Credential::Signed) => true,
        _ => false,
    };
    let fields = [
        ("id", *id == b.id),
        ("user", *user == b.user),
        ("generation", *generation == b.generation),
        ("credential", same_credential),
        ("created", *created == b.created),
        ("last_seen", *last_seen == b.last_seen),
        ("address", *address == b.address),
        ("user_agent", *user_agent == b.user_agent),
        ("device", *device == b.device),
        ("factors", *factors == b.factors),
        ("ended", *ended == b.ended),
    ];
    fields.iter().find(|(_, same)| !same).map_or(Ok(()), |(field, _)| Err(field))
}
