//! Random walks beside the memory store.

use std::time::{Duration, SystemTime};

use palisade_session::{
    Credential, EndReason, Ending, Factors, Horizon, InsertError, MemoryStore, Others, SessionId,
    SessionLimit, SessionRecord, SessionStore, Touch, UserId,
};

use crate::dice::Dice;

use super::records::{FACTORS, REASONS};
use super::sample::{assert_same, digest, generation, id, noon, sample, user};

const WALKS: u64 = 4;
const STEPS: u64 = 400;
const SESSIONS: u64 = 14;
const USERS: u64 = 3;

/// The store and [`MemoryStore`] get the same hundreds of random calls, on a handful of sessions and users
/// so that they meet, and give the same answers; after each few steps they hold the same.
pub async fn it_answers_like_the_memory_store<S: SessionStore>(open: impl AsyncFn() -> S) {
    let [store, other] = [open().await, open().await];
    for seed in 0..WALKS {
        // Each walk begins with sessions that ended and nothing that is live.
        let reset = Ending { at: noon(), reason: EndReason::KeysRotated };
        store.revoke_everyone(reset).await.expect("it answers");
        let far = SystemTime::UNIX_EPOCH + Duration::from_micros(u64::MAX);
        let all = Horizon { created_after: far, seen_after: far };
        store.purge(&all, u32::MAX).await.expect("it answers");
        let mut base = Vec::new();
        for n in 0..USERS {
            base.push(generation(&store, &user(n)).await);
        }
        let (model, dice) = (MemoryStore::new(), Dice(2026 + seed));
        let mut walk = Walk { stores: [&store, &other], base, model, dice, times: vec![noon()] };
        for step in 0..STEPS {
            walk.step(step).await;
            if step % 8 == 0 {
                walk.compare().await;
            }
        }
        walk.compare().await;
    }
}

struct Walk<'s, S> {
    /// Two handles on the one store, by turns.
    stores: [&'s S; 2],
    /// The generation of each user when the walk began; that of the model began with 0.
    base: Vec<u64>,
    model: MemoryStore,
    dice: Dice,
    /// Every time that was handed out.
    times: Vec<SystemTime>,
}

impl<S: SessionStore> Walk<'_, S> {
    async fn step(&mut self, step: u64) {
        self.stores.swap(0, 1);
        let store = self.stores[0];
        let (key, who) = (self.id(), self.user());
        let ending = Ending { at: self.time(), reason: *self.pick(&REASONS) };
        match self.dice.below(40) {
            0..=9 => {
                let (limit, horizon) = (self.limit(), self.horizon());
                let (record, models) = self.record().await;
                let ours = outcome(store.insert_new(&record, limit, &horizon).await.map(sorted));
                let models = self.model.insert_new(&models, limit, &horizon).await.map(sorted);
                assert_eq!(ours, outcome(models), "step {step}: {record:?} {limit:?} {horizon:?}");
            }
            10..=17 => {
                let generation = self.near_generation(&key).await;
                let address = (self.dice.below(2) == 0).then(|| [10, 0, 0, 1].into());
                let touch = Touch { at: self.time(), address };
                let base = self.base_of(&key).await;
                let ours = store.touch_if_live(&key, generation + base, touch).await;
                let models = self.model.touch_if_live(&key, generation, touch).await;
                let [ours, models] = [ours, models].map(|answer| answer.expect("it answers"));
                assert_eq!(ours, models, "step {step}: touch {key} {generation} {touch:?}");
            }
            18..=24 => {
                let others =
                    if self.dice.below(2) == 0 { Others::Keep } else { Others::End(ending.reason) };
                let (mut record, mut models) = self.record().await;
                if matches!(others, Others::End(_)) != (self.dice.below(6) == 0) {
                    record.generation += 1;
                    models.generation += 1;
                }
                let ours = outcome(store.rotate(&key, &record, others, ending.at).await);
                let models = self.model.rotate(&key, &models, others, ending.at).await;
                assert_eq!(ours, outcome(models), "step {step}: {key} to {record:?} {others:?}");
            }
            25..=28 => {
                let ours = store.revoke(&who, &key, ending).await.expect("it answers");
                let models = self.model.revoke(&who, &key, ending).await.expect("it answers");
                assert_eq!(ours, models, "step {step}: revoke {key} of {who}");
            }
            29..=31 => {
                let ours = store.revoke_others(&who, &key, ending).await.expect("it answers");
                let models = self.model.revoke_others(&who, &key, ending).await;
                assert_eq!(ours, models.expect("it answers"), "step {step}: keep {key} of {who}");
            }
            32 => {
                let ours = store.revoke_user(&who, ending).await.expect("it answers");
                let models = self.model.revoke_user(&who, ending).await.expect("it answers");
                assert_eq!(ours, models, "step {step}: all of {who}");
            }
            33 if self.dice.below(4) == 0 => {
                let ours = store.revoke_everyone(ending).await.expect("it answers");
                let models = self.model.revoke_everyone(ending).await.expect("it answers");
                assert_eq!(ours, models, "step {step}: everyone");
            }
            34 => {
                // Which ones a limit leaves is the store's choice, so there is none here.
                let horizon = self.horizon();
                let ours = store.purge(&horizon, u32::MAX).await.expect("it answers");
                let models = self.model.purge(&horizon, u32::MAX).await.expect("it answers");
                assert_eq!(ours, models, "step {step}: purge {horizon:?}");
            }
            _ => {
                let limit = u32::try_from(self.dice.below(5)).unwrap_or(0);
                let horizon = self.horizon();
                self.compare_lists(&who, &horizon, limit).await;
            }
        }
    }

    /// Compares all that the stores hold.
    async fn compare(&mut self) {
        for n in 0..SESSIONS {
            let ours = self.stores[0].load(&id(n)).await.expect("it answers");
            let models = self.model.load(&id(n)).await.expect("it answers");
            match (ours, models) {
                (None, None) => {}
                (Some(ours), Some(models)) => {
                    let base = self.base_for(&models.record.user);
                    assert_same(&ours.record, &shifted(models.record, base));
                    assert_eq!(ours.user_generation, models.user_generation + base);
                }
                (ours, models) => panic!("one has it:\nthe store {ours:?}\n  memory {models:?}"),
            }
        }
        for n in 0..USERS {
            let ours = generation(self.stores[0], &user(n)).await;
            let models = generation(&self.model, &user(n)).await;
            assert_eq!(ours, models + self.base_for(&user(n)), "the generation of user {n}");
            let horizon = super::sample::always();
            self.compare_lists(&user(n), &horizon, 1000).await;
        }
    }

    async fn compare_lists(&mut self, who: &UserId, horizon: &Horizon, limit: u32) {
        let ours = self.stores[0].list(who, horizon, limit).await.expect("it answers");
        let models = self.model.list(who, horizon, limit).await.expect("it answers");
        assert_eq!(ours.len(), models.len(), "list {who} {horizon:?} {limit}");
        for (ours, models) in ours.iter().zip(models) {
            assert_same(ours, &shifted(models, self.base_for(who)));
        }
    }

    /// A record for the store, and the same for the model.
    async fn record(&mut self) -> (SessionRecord, SessionRecord) {
        let (n, who) = (self.dice.below(SESSIONS), self.user());
        let now = generation(&self.model, &who).await;
        let stale = self.dice.below(8) == 0;
        let record = SessionRecord {
            generation: if stale { now.saturating_sub(1) } else { now },
            credential: match self.dice.below(2) {
                0 => Credential::Signed,
                _ => Credential::Opaque(digest(n)),
            },
            created: self.time(),
            last_seen: self.time(),
            factors: Factors::none().with(*self.pick(&FACTORS), self.time()),
            ended: (self.dice.below(12) == 0)
                .then(|| Ending { at: self.time(), reason: *self.pick(&REASONS) }),
            user: who.clone(),
            ..sample(n)
        };
        (shifted(record.clone(), self.base_for(&who)), record)
    }

    /// The generation of this session, and now and then the one beside it.
    async fn near_generation(&mut self, key: &SessionId) -> u64 {
        let stored = self.model.load(key).await.expect("it answers");
        stored.map_or(0, |stored| stored.record.generation) + u64::from(self.dice.below(6) == 0)
    }

    async fn base_of(&self, key: &SessionId) -> u64 {
        let stored = self.model.load(key).await.expect("it answers");
        stored.map_or(0, |stored| self.base_for(&stored.record.user))
    }

    fn base_for(&self, who: &UserId) -> u64 {
        let known = (0..).zip(&self.base).find(|(n, _)| user(*n) == *who);
        known.map_or(0, |(_, base)| *base)
    }

    fn limit(&mut self) -> SessionLimit {
        let most = u32::try_from(1 + self.dice.below(5)).unwrap_or(1);
        if self.dice.below(2) == 0 {
            SessionLimit::end_least_recently_used(most)
        } else {
            SessionLimit::refuse(most)
        }
    }

    /// Between the times of the records, and often on the very edge of one.
    fn horizon(&mut self) -> Horizon {
        let mut edge = || match self.dice.below(3) {
            0 => super::sample::always().created_after,
            1 => noon() - Duration::from_hours(3),
            _ => {
                let n = self.dice.below(self.times.len() as u64);
                self.times[usize::try_from(n).unwrap_or(0)]
            }
        };
        Horizon { created_after: edge(), seen_after: edge() }
    }

    /// No time comes twice, since of sessions that were seen at the same moment a limit may end any.
    fn time(&mut self) -> SystemTime {
        let next = u64::try_from(self.times.len()).unwrap_or(0);
        let base = match self.dice.below(3) {
            0 => noon(),
            1 => noon() - Duration::from_hours(2),
            _ => noon() + Duration::from_hours(1),
        };
        self.times.push(base + Duration::from_micros(next));
        base + Duration::from_micros(next)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let n = self.dice.below(from.len() as u64);
        &from[usize::try_from(n).unwrap_or(0)]
    }

    fn id(&mut self) -> SessionId {
        id(self.dice.below(SESSIONS))
    }

    fn user(&mut self) -> UserId {
        user(self.dice.below(USERS))
    }
}

fn shifted(record: SessionRecord, base: u64) -> SessionRecord {
    SessionRecord { generation: record.generation + base, ..record }
}

fn sorted(mut ids: Vec<SessionId>) -> Vec<SessionId> {
    ids.sort_unstable();
    ids
}

/// What an answer means, without the cause of an error.
fn outcome<T>(answer: Result<T, InsertError>) -> Result<T, &'static str> {
    answer.map_err(|error| match error {
        InsertError::Duplicate => "duplicate",
        InsertError::Stale => "stale",
        InsertError::Full => "full",
        other => panic!("the store failed: {other:?}"),
    })
}
