//! What a client holds, and what it should do next.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::pace::Pace;
use super::{EpochClient, EpochUnavailable};
use crate::{Epoch, EpochToken, EpochTokens};

/// How long a call may have waited: it is given a token that began so long after it came.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

pub(super) struct State<E> {
    /// The earlier first. What has ended stays until something newer comes: the clock may be wrong.
    held: Vec<Arc<EpochToken>>,
    /// How many fetches came to an end.
    flights: u64,
    /// How many of them, up to the last, brought nothing new.
    failures: u32,
    /// The error of the last fetch.
    error: Option<EpochUnavailable<E>>,
    pause: Option<Pause>,
    /// How many tokens, up to the last, were refused before their time.
    refusals: u32,
    /// The pause after a refused token was replaced: meanwhile it is not replaced again.
    settling: Option<Pause>,
}

/// A time without fetches. It has a beginning so that a clock that steps back ends it.
struct Pause {
    from: SystemTime,
    until: SystemTime,
}

impl Pause {
    fn covers(&self, now: SystemTime) -> bool {
        (self.from..self.until).contains(&now)
    }
}

/// A call, as far as its answer depends on it.
pub(super) struct Asked {
    pub(super) now: SystemTime,
    /// How many fetches had come to an end before.
    pub(super) flights: u64,
    /// Whether it waited, so that by now it is later than its `now`.
    pub(super) has_waited: bool,
}

/// What a call does.
pub(super) enum Plan<E> {
    Use(Arc<EpochToken>),
    /// See to a newer one; use this meanwhile.
    Renew(Arc<EpochToken>),
    Wait,
    GiveUp(EpochUnavailable<E>),
}

impl<E> Default for State<E> {
    fn default() -> Self {
        Self {
            held: Vec::new(),
            flights: 0,
            failures: 0,
            error: None,
            pause: None,
            refusals: 0,
            settling: None,
        }
    }
}

impl<E> State<E> {
    pub(super) fn ask(&self, now: SystemTime) -> Asked {
        Asked { now, flights: self.flights, has_waited: false }
    }

    pub(super) fn plan(&self, asked: &Asked, pace: &Pace) -> Plan<E> {
        let covers = |pause: &Option<Pause>| pause.as_ref().is_some_and(|p| p.covers(asked.now));
        // The outcome of a fetch that ended since is the answer, pause or not.
        let no_more = covers(&self.pause) || self.flights != asked.flights;
        let ahead = if asked.has_waited { LONGEST_WAIT } else { Duration::ZERO };
        match (self.token_at(asked.now, ahead), &self.error) {
            (Some(token), _) if !no_more && self.is_due(&token, asked.now, pace) => {
                Plan::Renew(token)
            }
            (Some(token), _) => Plan::Use(token),
            (None, Some(error)) if no_more => Plan::GiveUp(error.clone()),
            (None, _) if covers(&self.settling) => Plan::GiveUp(EpochUnavailable::Refused),
            (None, _) => Plan::Wait,
        }
    }

    /// The token that works at `now`, or begins so long after it.
    fn token_at(&self, now: SystemTime, ahead: Duration) -> Option<Arc<EpochToken>> {
        self.held.iter().find(|token| works(token, now, ahead)).cloned()
    }

    /// Whether the token after this one should be had.
    fn is_due(&self, token: &EpochToken, now: SystemTime, pace: &Pace) -> bool {
        let held = |epoch: Epoch| self.held.iter().any(|token| token.epoch() == epoch);
        now >= pace.refresh_at(token.epoch())
            && token.epoch().next().is_some_and(|next| !held(next))
    }

    /// Takes what a fetch brought to a call of this time.
    pub(super) fn land(&mut self, answer: Result<EpochTokens, E>, now: SystemTime, pace: &Pace) {
        self.flights += 1;
        let fetched = answer
            .map_err(|error| EpochUnavailable::Fetch(Arc::new(error)))
            .and_then(|tokens| in_order(tokens).ok_or(EpochUnavailable::WrongEpoch))
            .and_then(|tokens| self.hold(tokens, now));
        let is_new = match fetched {
            Ok(token) => {
                self.error = None;
                !self.is_due(&token, now, pace)
            }
            Err(error) => {
                self.error = Some(error);
                false
            }
        };
        if is_new {
            (self.failures, self.pause) = (0, None);
            self.settling = (self.refusals > 0).then(|| self.pause_of(self.refusals, now, pace));
        } else {
            self.failures = self.failures.saturating_add(1);
            self.pause = Some(self.pause_of(self.failures, now, pace));
        }
    }

    /// Keeps new tokens, and says which one works.
    fn hold(
        &mut self,
        tokens: Vec<Arc<EpochToken>>,
        now: SystemTime,
    ) -> Result<Arc<EpochToken>, EpochUnavailable<E>> {
        let Some(token) = tokens.iter().find(|token| works(token, now, Duration::ZERO)).cloned()
        else {
            // It may be later than `now`, or this clock may be wrong: they may work yet.
            self.held.retain(|token| works(token, now, Duration::ZERO));
            self.held.extend(tokens);
            self.held.sort_by_key(|token| token.epoch().starts_at());
            return Err(EpochUnavailable::WrongEpoch);
        };
        if !self.held.is_empty() {
            // The last ones were not refused.
            self.refusals = 0;
        }
        self.held = tokens;
        Ok(token)
    }

    fn pause_of(&self, failures: u32, now: SystemTime, pace: &Pace) -> Pause {
        let until = now.checked_add(pace.pause(failures)).unwrap_or(now);
        // When the living token ends, a fetch is needed, failures or not.
        let living = self.token_at(now, Duration::ZERO);
        let end = living.map_or(until, |token| token.epoch().expires_at());
        Pause { from: now, until: until.min(end) }
    }

    pub(super) fn forget(&mut self, refused: &Arc<EpochToken>) {
        if self.held.iter().any(|held| Arc::ptr_eq(held, refused)) {
            // They came together and were signed with one key.
            self.held.clear();
            self.refusals = self.refusals.saturating_add(1);
            // A failed renewal could wait; this cannot. How often it failed is not forgotten.
            (self.error, self.pause) = (None, None);
        }
    }
}

/// The tokens, if the second is for the hour after the first.
fn in_order(EpochTokens { current, next }: EpochTokens) -> Option<Vec<Arc<EpochToken>>> {
    let follows = next.as_ref().is_none_or(|next| current.epoch().next() == Some(next.epoch()));
    follows.then(|| [Some(current), next].into_iter().flatten().map(Arc::new).collect())
}

/// Whether a token is one to use at `now`, or at a time so long after it.
fn works(token: &EpochToken, now: SystemTime, ahead: Duration) -> bool {
    let epoch = token.epoch();
    let latest = now.checked_add(EpochClient::<(), (), ()>::CLOCK_SKEW + ahead).unwrap_or(now);
    latest >= epoch.starts_at() && now < epoch.expires_at()
}
