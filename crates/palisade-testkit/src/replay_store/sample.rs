//! Keys and times to check with.

use std::time::{Duration, SystemTime};

use palisade_webhook::{
    Inserted, MessageId, ReplayKey, ReplayStore, Scheme, SharedSecret, Signer, Verifier,
};

/// A moment in the year 2100, when the checks take place: a database that also cleans up by a clock of its
/// own does not get in their way.
pub(crate) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(1_139_580)
}

/// So many seconds after [`noon`].
pub(crate) fn after(seconds: u64) -> SystemTime {
    noon() + Duration::from_secs(seconds)
}

/// The keys of so many different messages, the same ones in each run: a key is made by verifying alone.
#[must_use]
pub fn replay_keys(count: u64) -> Vec<ReplayKey> {
    let secret = SharedSecret::from_text("palisade-testkit").expect("a secret");
    let id = "a".parse().expect("a key id");
    let signer = Signer::builder(Scheme::GLACIS).key(id, &secret).build().expect("a signer");
    let verifier = Verifier::builder(Scheme::GLACIS).key(id, &secret).build().expect("a verifier");
    let message: MessageId = "unused".parse().expect("an id");
    (0..count)
        .map(|n| {
            let body = n.to_be_bytes();
            let headers = signer.sign(&message, noon(), &body).expect("it is signed");
            verifier.verify(&headers, &body, noon()).expect("it is verified").replay_key()
        })
        .collect()
}

/// One key.
pub(crate) fn key() -> ReplayKey {
    replay_keys(1)[0]
}

/// Inserts the key until so many seconds after noon, when it is so many seconds after noon.
pub(crate) async fn insert(
    store: &impl ReplayStore,
    key: &ReplayKey,
    expires: u64,
    now: u64,
) -> Inserted {
    store.insert_if_absent(key, after(expires), after(now)).await.expect("the store answers")
}

pub(crate) async fn remove(store: &impl ReplayStore, key: &ReplayKey) {
    store.remove(key).await.expect("the store answers");
}
