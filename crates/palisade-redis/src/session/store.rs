//! The session store itself. Each call is one script; what a script does stands in it.

use std::time::SystemTime;

use palisade_session::{
    EndReason, Ending, Horizon, InsertError, Others, SessionId, SessionLimit, SessionRecord,
    SessionStore, StoreError, Stored, Touch, UserId, WhenFull, Written,
};

use super::RedisSessionStore;
use super::record::Draft;
use super::script::SCRIPTS;
use super::time;

impl SessionStore for RedisSessionStore {
    async fn generation(&self, user: &UserId) -> Result<u64, StoreError> {
        let call = self.call(&SCRIPTS.generation).arg(user.as_str());
        call.run().await?.generation()
    }

    async fn insert_new(
        &self,
        record: &SessionRecord,
        limit: SessionLimit,
        horizon: &Horizon,
    ) -> Result<Vec<SessionId>, InsertError> {
        let draft = Draft::of(record).map_err(StoreError::new)?;
        let when_full = match limit.when_full() {
            WhenFull::Refuse => "refuse",
            WhenFull::EndLeastRecentlyUsed => "end",
        };
        let call = self
            .call(&SCRIPTS.insert)
            .draft(record.id.as_str(), record.user.as_str(), draft)
            .arg(record.generation)
            .arg(limit.most())
            .arg(when_full)
            .horizon(horizon)
            .arg(EndReason::TooManySessions.as_str());
        call.run().await?.inserted()
    }

    async fn load(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        let call = self.call(&SCRIPTS.load).arg(id.as_str());
        call.run().await?.stored(id)
    }

    async fn touch_if_live(
        &self,
        id: &SessionId,
        generation: u64,
        touch: Touch,
    ) -> Result<Written, StoreError> {
        let call = self
            .call(&SCRIPTS.touch)
            .arg(id.as_str())
            .arg(generation)
            .arg(time::nearest(touch.at))
            .arg(touch.address.map_or_else(String::new, |address| address.to_string()));
        call.run().await?.touched()
    }

    async fn rotate(
        &self,
        from: &SessionId,
        successor: &SessionRecord,
        others: Others,
        now: SystemTime,
    ) -> Result<Written, InsertError> {
        let draft = Draft::of(successor).map_err(StoreError::new)?;
        let others = match others {
            Others::Keep => "",
            Others::End(reason) => reason.as_str(),
        };
        let call = self
            .call(&SCRIPTS.rotate)
            .arg(from.as_str())
            .draft(successor.id.as_str(), successor.user.as_str(), draft)
            .arg(successor.generation)
            .ending(Ending { at: now, reason: EndReason::Replaced })
            .arg(others);
        call.run().await?.rotated()
    }

    async fn revoke(
        &self,
        user: &UserId,
        id: &SessionId,
        ending: Ending,
    ) -> Result<Option<Ending>, StoreError> {
        let call = self.call(&SCRIPTS.revoke).arg(user.as_str()).arg(id.as_str()).ending(ending);
        call.run().await?.standing()
    }

    async fn revoke_others(
        &self,
        user: &UserId,
        keep: &SessionId,
        ending: Ending,
    ) -> Result<Option<u64>, StoreError> {
        let call =
            self.call(&SCRIPTS.revoke_others).arg(user.as_str()).arg(keep.as_str()).ending(ending);
        call.run().await?.count_if_any()
    }

    async fn revoke_user(&self, user: &UserId, ending: Ending) -> Result<u64, StoreError> {
        let call = self.call(&SCRIPTS.revoke_user).arg(user.as_str()).ending(ending);
        call.run().await?.count()
    }

    async fn revoke_everyone(&self, ending: Ending) -> Result<u64, StoreError> {
        let call = self.call(&SCRIPTS.revoke_everyone).ending(ending);
        call.run().await?.count()
    }

    async fn list(
        &self,
        user: &UserId,
        horizon: &Horizon,
        limit: u32,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        let call = self.call(&SCRIPTS.list).arg(user.as_str()).horizon(horizon).arg(limit);
        call.run().await?.records()
    }

    async fn purge(&self, horizon: &Horizon, limit: u32) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        let mut corrupt = None;
        loop {
            let left = u64::from(limit).saturating_sub(forgotten);
            let batch = left.min(Self::PURGED_AT_ONCE.into());
            let call = self.call(&SCRIPTS.purge).horizon(horizon).arg(batch);
            let purged = call.run().await?.purged()?;
            forgotten += purged.records;
            corrupt = corrupt.or(purged.corrupt);
            if purged.entries < batch || forgotten >= u64::from(limit) {
                // Reported at the end: it keeps nothing else from being forgotten.
                return corrupt.map_or(Ok(forgotten), Err);
            }
        }
    }
}
