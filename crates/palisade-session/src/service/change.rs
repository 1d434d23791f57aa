//! What changes sessions: new ids, and endings.

use std::sync::Arc;
use std::time::SystemTime;

use super::{Sessions, repeated_id};
use crate::record::storable;
use crate::store::{InsertError, Others, SessionStore, StoreError, Written};
use crate::{
    ChangeError, EndReason, Ending, Factor, Session, SessionId, SessionRecord, SessionToken, UserId,
};

/// A change to an account that its sessions must not outlive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The password was changed.
    Password,
    /// A second factor was added, removed or replaced.
    SecondFactor,
    /// The user may do more than before, or less.
    Privilege,
}

impl Change {
    fn reason(self) -> EndReason {
        match self {
            Self::Password => EndReason::PasswordChanged,
            Self::SecondFactor => EndReason::SecondFactorChanged,
            Self::Privilege => EndReason::PrivilegeChanged,
        }
    }
}

impl<S: SessionStore> Sessions<S> {
    /// Notes that the user of the session just proved once more who he is. The session goes on under a
    /// new id; the token that it had is dead.
    ///
    /// `verified` is the user whom the proof is of, from whatever checked it: the owner of the passkey, not
    /// a name that the request sent. The proof of another user is refused.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]. Of two at once, one gets [`ChangeError::Gone`].
    pub async fn reauthenticate(
        &self,
        session: &Session,
        verified: &UserId,
        factor: Factor,
        now: SystemTime,
    ) -> Result<(SessionToken, Session), ChangeError> {
        if verified != session.user() {
            return Err(ChangeError::WrongUser);
        }
        let proved = |record: &mut SessionRecord, now| {
            record.factors = record.factors.with(factor, now);
        };
        self.renew(session, Others::Keep, proved, now).await
    }

    /// Gives the session a new id; the token that it had is dead.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]. Of two at once, one gets [`ChangeError::Gone`].
    pub async fn rotate(
        &self,
        session: &Session,
        now: SystemTime,
    ) -> Result<(SessionToken, Session), ChangeError> {
        self.renew(session, Others::Keep, |_, _| {}, now).await
    }

    /// Ends all other sessions of the user after a change that he made in this one, and gives this one a
    /// new id. A sign-in that began before is refused when it ends. After [`Change::SecondFactor`] no proof
    /// by a second factor counts any more.
    ///
    /// To be called once the change is stored, and until it succeeds: a client that goes away, or a store
    /// that fails for a moment, must not leave the other sessions alive.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]. After [`ChangeError::Gone`], call [`revoke_user`](Self::revoke_user).
    pub async fn changed(
        &self,
        session: &Session,
        change: Change,
        now: SystemTime,
    ) -> Result<(SessionToken, Session), ChangeError> {
        let forget = |record: &mut SessionRecord, _| {
            if change == Change::SecondFactor {
                // The proofs were by factors that may be gone.
                record.factors = record.factors.first_factors();
            }
        };
        self.renew(session, Others::End(change.reason()), forget, now).await
    }

    async fn renew(
        &self,
        session: &Session,
        others: Others,
        edit: impl FnOnce(&mut SessionRecord, SystemTime) + Send,
        now: SystemTime,
    ) -> Result<(SessionToken, Session), ChangeError> {
        let now = storable(now).ok_or(ChangeError::Clock)?;
        let _ends = match others {
            Others::Keep => self.cache.ends(session.id()),
            Others::End(_) => self.cache.ends_all(),
        };
        // From the store, never from the cache: what another request proved meanwhile is kept.
        let stored = self.store.load(session.id()).await?.ok_or(ChangeError::Gone)?;
        let mut successor = stored.record;
        if successor.user != *session.user() || self.refuse_dead(&successor, now).is_err() {
            return Err(ChangeError::Gone);
        }
        edit(&mut successor, now);
        successor.id = SessionId::generate()?;
        successor.last_seen = successor.last_seen.max(now);
        if let Others::End(_) = others {
            // No store counts so far; a row that says it did is not the session that it was.
            successor.generation = successor.generation.checked_add(1).ok_or(ChangeError::Gone)?;
        }
        let (token, successor) = self.draft(successor, now)?;
        match self.store.rotate(session.id(), &successor, others, now).await {
            Ok(Written::Done) => Ok((token, self.proof(Arc::new(successor)))),
            Ok(Written::Gone) => Err(ChangeError::Gone),
            Err(InsertError::Store(error)) => Err(error.into()),
            Err(_) => Err(repeated_id().into()),
        }
    }

    /// Signs out: ends the session that asks. Ending it twice is no error.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]: the user is not signed out then, and must be told. [`ChangeError::Gone`] when another
    /// request gave the session a new id meanwhile: it lives on, and the client signs out with the token that
    /// it then has.
    pub async fn sign_out(&self, session: &Session, now: SystemTime) -> Result<(), ChangeError> {
        let (user, id) = (session.user(), session.id());
        match self.revoke(user, id, EndReason::SignedOut, now).await {
            // Forgotten by a purge: over, at any rate.
            Ok(_) | Err(ChangeError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Ends one session of this user, and returns the ending that now stands: the first one.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NotFound`] when this user has no such session; [`ChangeError::Gone`] when it goes on
    /// under a new id, which the list shows.
    pub async fn revoke(
        &self,
        user: &UserId,
        id: &SessionId,
        reason: EndReason,
        now: SystemTime,
    ) -> Result<Ending, ChangeError> {
        let _ends = self.cache.ends(id);
        let stands = self.store.revoke(user, id, ending(reason, now)).await?;
        match stands.ok_or(ChangeError::NotFound)? {
            Ending { reason: EndReason::Replaced, .. } => Err(ChangeError::Gone),
            stands => Ok(stands),
        }
    }

    /// Ends all sessions of the user but the one that asks, which stays as it is, and says how many.
    ///
    /// # Errors
    ///
    /// [`ChangeError::Gone`] when the session that asks is over itself; nothing was ended then.
    pub async fn revoke_others(
        &self,
        session: &Session,
        now: SystemTime,
    ) -> Result<u64, ChangeError> {
        let ending = ending(EndReason::SignedOutElsewhere, now);
        let _ends = self.cache.ends_all();
        let ended = self.store.revoke_others(session.user(), session.id(), ending).await?;
        ended.ok_or(ChangeError::Gone)
    }

    /// Ends all sessions of a user, and every sign-in that has begun, and says how many sessions: after a
    /// reset of the password by email, a change of privilege by somebody else, or the end of the account.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn revoke_user(
        &self,
        user: &UserId,
        reason: EndReason,
        now: SystemTime,
    ) -> Result<u64, StoreError> {
        let _ends = self.cache.ends_all();
        self.store.revoke_user(user, ending(reason, now)).await
    }

    /// Ends all sessions of all users, and every sign-in that has begun: the hard rotation of keys, or the
    /// answer to a stolen table. Says how many sessions.
    ///
    /// Signed tokens also die with the keys that signed them; this is what clears the lists.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn revoke_everyone(
        &self,
        reason: EndReason,
        now: SystemTime,
    ) -> Result<u64, StoreError> {
        let _ends = self.cache.ends_all();
        self.store.revoke_everyone(ending(reason, now)).await
    }
}

/// A broken clock must not keep a session alive: any time will do.
fn ending(reason: EndReason, now: SystemTime) -> Ending {
    Ending { at: storable(now).unwrap_or(SystemTime::UNIX_EPOCH), reason }
}
