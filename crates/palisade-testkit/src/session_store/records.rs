//! What goes in comes out, and nothing goes in twice.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use palisade_session::{
    Credential, EndReason, Ending, Factor, Factors, InsertError, SecretDigest, SessionRecord,
    SessionStore, Suspicion, UserAgent,
};

use super::sample::{
    MICROSECOND, SECOND, always, assert_same, assert_stored, begin, begin_all, current, ending,
    find, generation, id, is_live, no_limit, noon, sample, user,
};

/// The last microsecond of the year 9999.
const LAST: Duration = Duration::from_micros(253_402_300_799_999_999);

pub(crate) const REASONS: [EndReason; 13] = [
    EndReason::SignedOut,
    EndReason::SignedOutElsewhere,
    EndReason::Replaced,
    EndReason::PasswordChanged,
    EndReason::SecondFactorChanged,
    EndReason::PrivilegeChanged,
    EndReason::TooManySessions,
    EndReason::Suspicious(Suspicion::Address),
    EndReason::Suspicious(Suspicion::UserAgent),
    EndReason::Suspicious(Suspicion::Other),
    EndReason::KeysRotated,
    EndReason::AccountClosed,
    EndReason::Administrator,
];

pub(crate) const FACTORS: [Factor; 5] =
    [Factor::Password, Factor::Totp, Factor::Passkey, Factor::RecoveryCode, Factor::SingleSignOn];

/// A record with every field set is loaded and listed as it was, with each reason to end.
pub async fn every_field_comes_back<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let factors = FACTORS
        .into_iter()
        .zip(1_u32..)
        .fold(Factors::none(), |factors, (factor, n)| factors.with(factor, noon() - SECOND * n));
    let record = SessionRecord {
        user_agent: Some(UserAgent::cut("Mozilla/5.0 (\"X11\"; '東京'; ü) \\ %s {} `; -- 🦊")),
        device: Some("Zürich 🔑 \"'; --".parse().expect("a label")),
        factors,
        ..sample(0)
    };
    for (reason, n) in REASONS.into_iter().zip(1..) {
        let record = SessionRecord { id: id(n), ..record.clone() };
        let record = begin(&store, record).await;
        assert_stored(&store, &record).await;
        let list = store.list(&user(1), &always(), 9).await.expect("it answers");
        let [listed] = list.as_slice() else { panic!("not the one that is live: {list:?}") };
        assert_same(listed, &record);

        let ending = Ending { at: noon() + MICROSECOND, reason };
        let standing = store.revoke(&user(1), &id(n), ending).await.expect("it answers");
        assert_eq!(standing, Some(ending));
        assert_stored(&store, &SessionRecord { ended: Some(ending), ..record }).await;
    }
}

/// Fields that may be unset come back unset, not as zero or as empty text; and empty text is no unset
/// field.
pub async fn unset_fields_come_back_unset<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let bare = SessionRecord {
        credential: Credential::Signed,
        address: None,
        user_agent: None,
        device: None,
        factors: Factors::none(),
        ..sample(1)
    };
    let empty = SessionRecord { id: id(2), user_agent: Some(UserAgent::cut("")), ..bare.clone() };
    for record in [bare, empty] {
        let record = begin(&store, record).await;
        assert_stored(&store, &record).await;
    }
    assert!(find(&store, &id(3)).await.is_none(), "an unknown id is `None`");
}

/// The shortest and the longest names, the first and the last moment, every factor at the last.
pub async fn extreme_values_come_back<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let last = SystemTime::UNIX_EPOCH + LAST;
    let large = SessionRecord {
        id: "Z".repeat(32).parse().expect("an id"),
        user: "~".repeat(128).parse().expect("a user id"),
        credential: Credential::Opaque(SecretDigest::from_bytes([0xFF; 32])),
        created: last,
        last_seen: last,
        user_agent: Some(UserAgent::cut(&"é".repeat(128))),
        device: Some("é".repeat(50).parse().expect("a label")),
        factors: FACTORS.into_iter().fold(Factors::none(), |factors, f| factors.with(f, last)),
        ..sample(1)
    };
    let small = SessionRecord {
        id: "-".parse().expect("an id"),
        user: "!".parse().expect("a user id"),
        credential: Credential::Opaque(SecretDigest::from_bytes([0; 32])),
        created: SystemTime::UNIX_EPOCH,
        last_seen: SystemTime::UNIX_EPOCH,
        user_agent: Some(UserAgent::cut("\u{feff}\u{202e}")),
        device: Some("x".parse().expect("a label")),
        factors: Factors::none().with(Factor::Totp, SystemTime::UNIX_EPOCH),
        ..sample(2)
    };
    for (record, at) in [(large, last), (small, SystemTime::UNIX_EPOCH)] {
        let record = begin(&store, record).await;
        assert_stored(&store, &record).await;
        let ending = Ending { at, reason: EndReason::SignedOut };
        store.revoke(&record.user, &record.id, ending).await.expect("it answers");
        assert_stored(&store, &SessionRecord { ended: Some(ending), ..record }).await;
    }
}

/// Every visible character may stand in a name, and changes it: no two names are taken for one.
pub async fn names_differ_by_every_byte<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let visible = || (b'!'..=b'~').map(char::from);
    let mut stored = Vec::new();
    for (n, c) in (1..).zip(visible()) {
        let user = format!("u{c}").parse().expect("a user id");
        // Those characters that an id may have; the others get a number.
        let id = c.to_string().parse().unwrap_or(id(n));
        stored.push(begin(&store, SessionRecord { id, user, ..sample(n) }).await);
    }
    for text in ["_", "__", "_-", "a_", "A_", "%", "1", "01", "1e0"] {
        if let Ok(id) = text.parse::<palisade_session::SessionId>() {
            let taken = stored.iter().any(|record| record.id == id);
            assert_eq!(find(&store, &id).await.is_some(), taken, "{text}");
        }
    }
    for record in &stored {
        assert_stored(&store, record).await;
        let list = store.list(&record.user, &always(), 9).await.expect("it answers");
        assert_eq!(list.len(), 1, "the sessions of {}", record.user);
    }
}

/// Addresses of every kind come back as they were: one of IPv4 and the same within IPv6 are two.
pub async fn addresses_come_back<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let addresses: [IpAddr; 9] = [
        Ipv4Addr::UNSPECIFIED.into(),
        Ipv4Addr::BROADCAST.into(),
        Ipv4Addr::new(203, 0, 113, 7).into(),
        Ipv4Addr::new(203, 0, 113, 7).to_ipv6_mapped().into(),
        Ipv4Addr::new(203, 0, 113, 7).to_ipv6_compatible().into(),
        Ipv6Addr::UNSPECIFIED.into(),
        Ipv6Addr::LOCALHOST.into(),
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1).into(),
        Ipv6Addr::from_bits(u128::MAX).into(),
    ];
    for (address, n) in addresses.into_iter().zip(1..) {
        let record = SessionRecord { address: Some(address), ..sample(n) };
        let record = begin(&store, record).await;
        assert_stored(&store, &record).await;
    }
}

/// A second record with the same id is refused and changes nothing, whoever it is of, and be the first
/// one ended or not.
pub async fn a_duplicate_id_is_refused<S: SessionStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let mut records = begin_all(&store, [1, 2]).await;
    let ended = ending(0, EndReason::SignedOut);
    store.revoke(&user(1), &id(2), ended).await.expect("it answers");
    records[1].ended = Some(ended);

    for first in &records {
        for user in [user(1), user(2)] {
            let second = SessionRecord { id: first.id, user, ..sample(3) };
            let second = current(&store, second).await;
            let refused = store.insert_new(&second, no_limit(), &always()).await;
            assert!(matches!(refused, Err(InsertError::Duplicate)), "{refused:?}");
            assert_stored(&store, first).await;
        }
    }
    let list = store.list(&user(2), &always(), 9).await.expect("it answers");
    assert!(list.is_empty(), "a refused record is in a list");
}

/// A session of another generation than its user's is refused, and nothing of it is kept: neither an
/// older one, nor one that is still to come.
pub async fn a_session_of_another_generation_is_refused<S: SessionStore>(
    open: impl AsyncFn() -> S,
) {
    let store = open().await;
    let before = generation(&store, &user(1)).await;
    let ending = ending(0, EndReason::PasswordChanged);
    for _ in 0..3 {
        store.revoke_user(&user(1), ending).await.expect("it answers");
    }
    let now = generation(&store, &user(1)).await;
    for generation in [before, now - 1, now + 1, i64::MAX.unsigned_abs(), 1 << 63, u64::MAX] {
        let stale = SessionRecord { generation, ..sample(1) };
        let refused = store.insert_new(&stale, no_limit(), &always()).await;
        assert!(matches!(refused, Err(InsertError::Stale)), "{generation} of {now}: {refused:?}");
        assert!(find(&store, &id(1)).await.is_none(), "it was kept");
    }
    begin(&store, sample(1)).await;
    assert!(is_live(&store, &id(1)).await);
}
