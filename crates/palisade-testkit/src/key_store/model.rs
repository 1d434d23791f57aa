//! A random walk beside the memory store.

use std::time::{Duration, SystemTime};

use palisade_apikey::{
    InsertError, KeyDigest, KeyRecord, KeyStore, MemoryStore, Owner, Retirement, Revocation,
    RevocationReason,
};

use crate::dice::Dice;

use super::sample::{MICROSECOND, SECOND, assert_same, digest_under, id, noon, sample, usage};

const STEPS: usize = 400;
const KEYS: u64 = 12;
const SCHEMES: [&str; 4] = [
    "sha256",
    "hmac-sha256$2026a",
    "hmac-sha256+sha256$2026a",
    "hmac-sha256+hmac-sha256$2026b,2026a",
];

/// The store and [`MemoryStore`] get the same few hundred random calls, on a handful of keys so that
/// they meet, and give the same answers; in the end they hold the same.
pub async fn it_answers_like_the_memory_store<S: KeyStore>(store: S) {
    let mut walk = Walk { store, model: MemoryStore::new(), dice: Dice(2026), digests: Vec::new() };
    for step in 0..STEPS {
        walk.step(step).await;
    }
    walk.compare().await;
}

struct Walk<S> {
    store: S,
    model: MemoryStore,
    dice: Dice,
    /// Every digest that was ever proposed, stored or not.
    digests: Vec<KeyDigest>,
}

impl<S: KeyStore> Walk<S> {
    async fn step(&mut self, step: usize) {
        let key = id(self.dice.below(KEYS));
        match self.dice.below(20) {
            0..=3 => {
                let record = self.record();
                let ours = self.store.insert_new(&record).await;
                assert_eq!(kind(ours), kind(self.model.insert_new(&record).await), "step {step}");
            }
            4..=6 => {
                let mut new = self.record();
                new.replaces = (self.dice.below(10) > 0).then_some(key);
                let now = self.time();
                let retire = match self.dice.below(3) {
                    0 => Retirement::Revoke(self.revocation()),
                    _ => Retirement::ExpireBy(self.time()),
                };
                let ours = self.store.rotate(&new, retire, now).await;
                let models = self.model.rotate(&new, retire, now).await;
                assert_eq!(kind(ours), kind(models), "step {step}: rotate {new:?} at {now:?}");
            }
            7 => {
                let revocation = self.revocation();
                let ours = self.store.revoke(&key, revocation).await.expect("it answers");
                let models = self.model.revoke(&key, revocation).await.expect("it answers");
                assert_eq!(ours, models, "step {step}: revoke {key}");
            }
            8..=9 => {
                let name = format!("name {step}").parse().expect("a name");
                let ours = self.store.rename(&key, &name).await.expect("it answers");
                let models = self.model.rename(&key, &name).await.expect("it answers");
                assert_eq!(ours, models, "step {step}: rename {key}");
            }
            10..=12 => {
                let batch: Vec<_> = (0..self.dice.below(5))
                    .map(|_| usage(self.dice.below(KEYS), self.dice.below(9), self.time()))
                    .collect();
                self.store.add_usage(&batch).await.expect("it answers");
                self.model.add_usage(&batch).await.expect("it answers");
            }
            13..=15 => {
                let (from, to) = (self.known_digest(), self.new_digest());
                let from = match self.model.load(&key).await.expect("it answers") {
                    Some(record) if self.dice.below(3) > 0 => record.digest,
                    _ => from,
                };
                let ours = self.store.replace_digest(&key, &from, &to).await.expect("it answers");
                let models = self.model.replace_digest(&key, &from, &to).await;
                assert_eq!(ours, models.expect("it answers"), "step {step}: digest of {key}");
            }
            16..=17 => {
                // At most one candidate may be stored, so all but one are strangers.
                let mut candidates = vec![digest_under("sha256", u64::MAX), self.known_digest()];
                let place = usize::from(self.dice.below(2) == 0);
                candidates.swap(0, place);
                let ours = self.store.find(&candidates).await.expect("it answers");
                let models = self.model.find(&candidates).await.expect("it answers");
                assert_both(ours.as_ref(), models.as_ref());
            }
            _ => self.compare_lists(step).await,
        }
    }

    async fn compare_lists(&mut self, step: usize) {
        let owner = self.owner();
        let after = id(self.dice.below(KEYS));
        let after = (self.dice.below(3) > 0).then_some(&after);
        let limit = usize::try_from(self.dice.below(6)).unwrap_or(0);
        let ours = self.store.list(&owner, after, limit).await.expect("it answers");
        let models = self.model.list(&owner, after, limit).await.expect("it answers");
        assert_eq!(ours.len(), models.len(), "step {step}: list {owner} {after:?} {limit}");
        for (ours, models) in ours.iter().zip(&models) {
            assert_same(ours, models);
        }

        let scheme = self.new_digest().scheme().clone();
        let now = self.time();
        let ours = self.store.digests_of(&scheme, after, limit, now).await.expect("it answers");
        let models = self.model.digests_of(&scheme, after, limit, now).await.expect("it answers");
        assert_eq!(ours.len(), models.len(), "step {step}: digests {scheme} {after:?} {limit}");
        for ((our_id, ours), (id, models)) in ours.iter().zip(&models) {
            assert_eq!((our_id, ours.verify(models)), (id, Ok(())), "step {step}");
        }
    }

    /// Compares all that the stores hold.
    async fn compare(&self) {
        for n in 0..KEYS {
            let ours = self.store.load(&id(n)).await.expect("it answers");
            let models = self.model.load(&id(n)).await.expect("it answers");
            assert_both(ours.as_ref(), models.as_ref());
        }
        for digest in &self.digests {
            let candidate = std::slice::from_ref(digest);
            let ours = self.store.find(candidate).await.expect("it answers");
            let models = self.model.find(candidate).await.expect("it answers");
            assert_both(ours.as_ref(), models.as_ref());
        }
        let now = noon();
        let mut counts = self.store.count_schemes(now).await.expect("it answers");
        counts.sort_unstable();
        assert_eq!(counts, self.model.count_schemes(now).await.expect("it answers"));
    }

    fn record(&mut self) -> KeyRecord {
        let n = self.dice.below(KEYS);
        KeyRecord {
            owner: self.owner(),
            // Now and then one that is taken.
            digest: if self.dice.below(8) == 0 { self.known_digest() } else { self.new_digest() },
            created: self.time(),
            expires: (self.dice.below(2) == 0).then(|| self.time()),
            revoked: (self.dice.below(9) == 0).then(|| self.revocation()),
            use_count: self.dice.below(3),
            ..sample(n)
        }
    }

    fn owner(&mut self) -> Owner {
        format!("org_{}", self.dice.below(2)).parse().expect("an owner")
    }

    fn new_digest(&mut self) -> KeyDigest {
        let scheme = SCHEMES[usize::try_from(self.dice.below(4)).unwrap_or(0)];
        let digest = digest_under(scheme, self.digests.len() as u64);
        self.digests.push(digest.clone());
        digest
    }

    fn known_digest(&mut self) -> KeyDigest {
        let n = self.dice.below(self.digests.len().max(1) as u64);
        let known = usize::try_from(n).ok().and_then(|n| self.digests.get(n)).cloned();
        known.unwrap_or_else(|| self.new_digest())
    }

    /// One of a few moments, so that some are equal.
    fn time(&mut self) -> SystemTime {
        let steps = u32::try_from(self.dice.below(7)).unwrap_or(0);
        match self.dice.below(3) {
            0 => noon() + MICROSECOND * steps,
            1 => noon() - SECOND * steps,
            _ => noon() + Duration::from_hours(1) + SECOND * steps,
        }
    }

    fn revocation(&mut self) -> Revocation {
        let reason = match self.dice.below(3) {
            0 => RevocationReason::Requested,
            1 => RevocationReason::Leaked,
            _ => RevocationReason::Administrative,
        };
        Revocation { at: self.time(), reason }
    }
}

fn assert_both(ours: Option<&KeyRecord>, models: Option<&KeyRecord>) {
    match (ours, models) {
        (None, None) => {}
        (Some(ours), Some(models)) => assert_same(ours, models),
        _ => panic!("one has it and one has not:\nthe store {ours:?}\n  memory {models:?}"),
    }
}

/// What an answer means, without the cause of an error.
fn kind<T>(answer: Result<T, InsertError>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(InsertError::Duplicate) => None,
        Err(other) => panic!("the store failed: {other:?}"),
    }
}
