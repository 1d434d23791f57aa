//! Whether a presented token is that of a session that lives, and may be used here and now.

use std::sync::Arc;
use std::time::SystemTime;

use super::Sessions;
use super::tokens::Presented;
use crate::error::{Refused, RefusedOr};
use crate::record::storable;
use crate::store::{SessionStore, Stored, Touch, Written};
use crate::{EndReason, Ending, Origin, Session, SessionRecord, Suspicion};

impl<S: SessionStore> Sessions<S> {
    /// Checks a presented token: form, signature or secret, store, timeouts, and what the policy watches.
    /// Notes the use, at most once in the touch interval. A use that cannot be noted is
    /// [`Refused::Unavailable`]: a store that cannot be written could not have ended the session either.
    ///
    /// # Errors
    ///
    /// [`Refused`]. [`Refused::Unavailable`] leaves open whether the user is signed in, and so does a signed
    /// token that is [not valid yet](crate::TokenRefused::NotYetValid), by a clock that may be wrong.
    pub async fn validate(
        &self,
        token: &str,
        origin: &Origin<'_>,
        now: SystemTime,
    ) -> Result<Session, Refused> {
        self.check(token, origin, now, |_| Ok(())).await
    }

    /// Checks a presented token as [`validate`](Self::validate) does, and by a rule of the service: an
    /// allowlist of the user's workspace, or whether the account is suspended.
    ///
    /// The rule is asked about a session that lives, whose token this is, and about no other. It comes before
    /// the use is noted and before anything [watches](crate::Watch): a use that it denies does not keep the
    /// session from growing idle, and does not end it as suspicious. It is asked once, on the path of the
    /// request, so it must be quick. It sees the record as old as the cache allows.
    ///
    /// # Errors
    ///
    /// [`RefusedOr::Refused`] as `validate`; [`RefusedOr::Denied`] with what the rule says.
    ///
    /// # Examples
    ///
    /// ```
    /// # use palisade_session::{MemoryStore, NewSession, Origin, SessionPolicy, Sessions};
    /// # use std::time::SystemTime;
    /// use palisade_session::{RefusedOr, SessionRecord};
    ///
    /// #[derive(Debug, thiserror::Error)]
    /// #[error("the account is suspended")]
    /// struct Suspended;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let now = SystemTime::now();
    /// # let origin = Origin::unknown();
    /// # let sessions = Sessions::opaque(MemoryStore::new(), SessionPolicy::default());
    /// # let sign_in = sessions.begin(&"usr_01".parse()?).await?;
    /// # let (token, _) = sessions.create(sign_in, NewSession::default(), now).await?;
    /// # let token = token.expose_secret();
    /// let suspended = ["usr_01"];
    /// let rule = |session: &SessionRecord| {
    ///     if suspended.contains(&session.user.as_str()) { Err(Suspended) } else { Ok(()) }
    /// };
    /// match sessions.validate_if(token, &origin, now, rule).await {
    ///     Ok(session) => println!("200, {}", session.user()),
    ///     Err(RefusedOr::Denied(suspended)) => println!("403, {suspended}"),
    ///     Err(RefusedOr::Refused(refused)) => println!("401 or 503, {refused}"),
    /// }
    /// # assert!(matches!(
    /// #     sessions.validate_if(token, &origin, now, rule).await,
    /// #     Err(RefusedOr::Denied(Suspended))
    /// # ));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn validate_if<E>(
        &self,
        token: &str,
        origin: &Origin<'_>,
        now: SystemTime,
        rule: impl FnOnce(&SessionRecord) -> Result<(), E>,
    ) -> Result<Session, RefusedOr<E>> {
        let rule = |session: &SessionRecord| rule(session).map_err(RefusedOr::Denied);
        self.check(token, origin, now, rule).await
    }

    /// Checks a presented token as [`validate`](Self::validate) does, and notes no use: for a session that is
    /// to be ended, by [`sign_out`](Self::sign_out) or by the one that [replaces](crate::NewSession::replaces)
    /// it. In a service with a rule of its own it is how a user signs out whom the rule would deny.
    ///
    /// Anything else is for `validate`: a session that is only found this way grows idle while it is used.
    ///
    /// # Errors
    ///
    /// [`Refused`] as `validate`.
    pub async fn validate_to_end(
        &self,
        token: &str,
        origin: &Origin<'_>,
        now: SystemTime,
    ) -> Result<Session, Refused> {
        let presented = self.tokens.read(token, now)?;
        let record = self.find_good(&presented, origin, now, |_| Ok::<_, Refused>(())).await?;
        Ok(self.proof(record))
    }

    async fn check<E: From<Refused>>(
        &self,
        token: &str,
        origin: &Origin<'_>,
        now: SystemTime,
        rule: impl FnOnce(&SessionRecord) -> Result<(), E>,
    ) -> Result<Session, E> {
        let presented = self.tokens.read(token, now).map_err(Refused::from)?;
        let record = self.find_good(&presented, origin, now, rule).await?;
        let record = self.touch(record, &presented, origin, now).await?;
        Ok(self.proof(record))
    }

    /// Finds a session that lives, that the rule lets pass, and in which nothing is suspicious.
    async fn find_good<E: From<Refused>>(
        &self,
        presented: &Presented,
        origin: &Origin<'_>,
        now: SystemTime,
        rule: impl FnOnce(&SessionRecord) -> Result<(), E>,
    ) -> Result<Arc<SessionRecord>, E> {
        let copy = self.cache.fresh(presented.id(), now);
        if let Some(copy) = &copy {
            presented.verify(copy)?;
        }
        // A copy may only let in, or have the rule deny: another process may have noted a use that it lacks.
        let Some(copy) = copy.filter(|copy| self.refuse_dead(copy, now).is_ok()) else {
            let record = self.read(presented, now).await?;
            rule(&record)?;
            return Ok(self.end_if_suspicious(record, origin, now).await?);
        };
        rule(&copy)?;
        if self.suspicion(&copy, origin).is_none() {
            return Ok(copy);
        }
        let record = self.read(presented, now).await?;
        Ok(self.end_if_suspicious(record, origin, now).await?)
    }

    async fn end_if_suspicious(
        &self,
        record: Arc<SessionRecord>,
        origin: &Origin<'_>,
        now: SystemTime,
    ) -> Result<Arc<SessionRecord>, Refused> {
        let Some(suspicion) = self.suspicion(&record, origin) else { return Ok(record) };
        let reason = EndReason::Suspicious(suspicion);
        let ending = Ending { at: storable(now).unwrap_or(record.created), reason };
        let _ends = self.cache.ends(&record.id);
        let stands = self.store.revoke(&record.user, &record.id, ending).await?;
        Err(Refused::Ended(record.id, stands.unwrap_or(ending)))
    }

    fn suspicion(&self, record: &SessionRecord, origin: &Origin<'_>) -> Option<Suspicion> {
        self.policy.watches.iter().find_map(|watch| watch.judge(record, origin))
    }

    /// Reads a session from the store, and keeps it in the cache.
    async fn read(
        &self,
        presented: &Presented,
        now: SystemTime,
    ) -> Result<Arc<SessionRecord>, Refused> {
        let generation = self.cache.generation(presented.id());
        let stored = self.store.load(presented.id()).await?.ok_or(Refused::Unknown)?;
        let Stored { record, user_generation } = stored;
        // Before anything is told of the session: to its owner only.
        presented.verify(&record)?;
        self.refuse_dead(&record, now)?;
        if record.generation != user_generation {
            return Err(Refused::Superseded(record.id));
        }
        let record = Arc::new(record);
        self.cache.keep(&record, now, generation);
        Ok(record)
    }

    pub(super) fn refuse_dead(
        &self,
        record: &SessionRecord,
        now: SystemTime,
    ) -> Result<(), Refused> {
        let horizon = self.horizon(now);
        match record.ended {
            Some(ending) => Err(Refused::Ended(record.id, ending)),
            None if record.created <= horizon.created_after => Err(Refused::Expired(record.id)),
            None if !horizon.holds(record) => Err(Refused::Idle(record.id)),
            None => Ok(()),
        }
    }

    /// Notes the use, if it is time to.
    async fn touch(
        &self,
        record: Arc<SessionRecord>,
        presented: &Presented,
        origin: &Origin<'_>,
        now: SystemTime,
    ) -> Result<Arc<SessionRecord>, Refused> {
        let at = storable(now).unwrap_or(record.last_seen);
        let since = at.duration_since(record.last_seen).unwrap_or_default();
        let moved = origin.address.is_some() && origin.address != record.address;
        if since < self.policy.touch_interval || (since.is_zero() && !moved) {
            return Ok(record);
        }
        let generation = self.cache.generation(&record.id);
        let touch = Touch { at, address: origin.address };
        match self.store.touch_if_live(&record.id, record.generation, touch).await? {
            Written::Done => {
                let mut touched = SessionRecord::clone(&record);
                touched.last_seen = touched.last_seen.max(at);
                touched.address = touch.address.or(touched.address);
                let touched = Arc::new(touched);
                self.cache.keep(&touched, now, generation);
                Ok(touched)
            }
            Written::Gone => {
                self.cache.end(&record.id);
                // For the reason.
                self.read(presented, now).await
            }
        }
    }
}
