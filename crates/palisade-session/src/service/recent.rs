//! Proofs that are no older than an action allows.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Sessions;
use crate::store::{SessionStore, Stored};
use crate::{Factor, RecentAuth, RecentError, Refused, Session, StepUp};

/// How far in the future a proof may seem to lie: two servers' clocks are seldom further apart.
const LEEWAY: Duration = Duration::from_secs(30);

impl<S: SessionStore> Sessions<S> {
    /// Looks at the store once more: for what must not be done in a session that was ended a moment ago,
    /// here while the request was under way or in another process.
    ///
    /// # Errors
    ///
    /// [`Refused`] when the session does not live any more, or nobody knows.
    pub async fn confirm(&self, session: &Session, now: SystemTime) -> Result<Session, Refused> {
        let stored = self.store.load(session.id()).await?;
        let confirmed = self.still_lives(session, stored, now);
        if confirmed.is_err() {
            // What is over here may be in the cache as alive.
            self.cache.end(session.id());
        }
        confirmed
    }

    fn still_lives(
        &self,
        session: &Session,
        stored: Option<Stored>,
        now: SystemTime,
    ) -> Result<Session, Refused> {
        let Stored { record, user_generation } = stored.ok_or(Refused::Unknown)?;
        if record.user != *session.user() {
            return Err(Refused::Unknown);
        }
        self.refuse_dead(&record, now)?;
        if record.generation != user_generation {
            return Err(Refused::Superseded(record.id));
        }
        Ok(self.proof(Arc::new(record)))
    }

    /// Requires that the user of this session proved by `factor`, less than `within` ago and in this
    /// session, who he is. The store is asked, whatever the cache says.
    ///
    /// # Errors
    ///
    /// [`RecentError::StepUp`] when the proof is too old or was never given, or lies in the future;
    /// [`RecentError::Refused`] when the session does not live any more, or nobody knows.
    pub async fn require_recent(
        &self,
        session: &Session,
        factor: Factor,
        within: Duration,
        now: SystemTime,
    ) -> Result<RecentAuth, RecentError> {
        let session = self.confirm(session, now).await?;
        match session.verified(factor) {
            Some(verified) if is_recent(verified, within, now) => {
                Ok(RecentAuth::new(session, factor, verified))
            }
            _ => Err(StepUp { factor, within }.into()),
        }
    }
}

fn is_recent(verified: SystemTime, within: Duration, now: SystemTime) -> bool {
    match now.duration_since(verified) {
        Ok(age) => age < within,
        Err(ahead) => ahead.duration() <= LEEWAY && !within.is_zero(),
    }
}
