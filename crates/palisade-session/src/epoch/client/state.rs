//! What a client holds, and what it should do next.

use std::sync::Arc;
use std::time::SystemTime;

use super::pace::Pace;
use super::{EpochClient, EpochUnavailable};
use crate::{EpochToken, EpochTokens};

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
}

/// A time without fetches. It has a beginning so that a clock that steps back ends it.
struct Pause {
    from: SystemTime,
    until: SystemTime,
}

impl<E> Default for State<E> {
    fn default() -> Self {
        Self { held: Vec::new(), flights: 0, failures: 0, error: None, pause: None }
    }
}

/// What a call does.
pub(super) enum Plan<E> {
    Use(Arc<EpochToken>),
    /// Fetch a newer one, or use this where that is done already.
    Renew(Arc<EpochToken>),
    /// Wait for a token. So many flights had ended before.
    Wait {
        flights: u64,
    },
    /// Give up until the pause ends.
    Pause(EpochUnavailable<E>),
}

impl<E> State<E> {
    pub(super) fn plan(&self, now: SystemTime, pace: &Pace) -> Plan<E> {
        let is_paused =
            self.pause.as_ref().is_some_and(|Pause { from, until }| (from..until).contains(&&now));
        match (self.token_at(now), &self.error) {
            (Some(token), _) if !is_paused && self.is_due(&token, now, pace) => Plan::Renew(token),
            (Some(token), _) => Plan::Use(token),
            (None, Some(error)) if is_paused => Plan::Pause(error.clone()),
            (None, _) => Plan::Wait { flights: self.flights },
        }
    }

    /// The token that works at `now`.
    pub(super) fn token_at(&self, now: SystemTime) -> Option<Arc<EpochToken>> {
        self.held.iter().find(|token| works(token, now)).cloned()
    }

    /// Whether a newer token than this should be had.
    fn is_due(&self, token: &EpochToken, now: SystemTime, pace: &Pace) -> bool {
        let is_last = self.held.last().is_none_or(|last| last.epoch() == token.epoch());
        is_last && now >= pace.refresh_at(token.epoch())
    }

    /// The error of the last fetch, if that ended after so many others.
    pub(super) fn failure_since(&self, flights: u64) -> Option<EpochUnavailable<E>> {
        self.error.clone().filter(|_| self.flights != flights)
    }

    /// Takes what a fetch brought.
    pub(super) fn land(
        &mut self,
        answer: Result<EpochTokens, E>,
        now: SystemTime,
        pace: &Pace,
    ) -> Result<Arc<EpochToken>, EpochUnavailable<E>> {
        self.flights += 1;
        let fetched = answer
            .map_err(|error| EpochUnavailable::Fetch(Arc::new(error)))
            .and_then(|tokens| in_order(tokens).ok_or(EpochUnavailable::WrongEpoch))
            .and_then(|tokens| {
                let token = tokens.iter().find(|token| works(token, now)).cloned();
                token.map(|token| (token, tokens)).ok_or(EpochUnavailable::WrongEpoch)
            });
        let is_new = match &fetched {
            Ok((token, tokens)) => {
                self.held.clone_from(tokens);
                !self.is_due(token, now, pace)
            }
            Err(_) => false,
        };
        self.error = fetched.as_ref().err().cloned();
        if is_new {
            (self.failures, self.pause) = (0, None);
        } else {
            self.failures = self.failures.saturating_add(1);
            self.pause = Some(self.pause_from(now, pace));
        }
        fetched.map(|(token, _)| token)
    }

    fn pause_from(&self, now: SystemTime, pace: &Pace) -> Pause {
        let until = now.checked_add(pace.pause(self.failures)).unwrap_or(now);
        // When the living token ends, a fetch is needed, failures or not.
        let end = self.token_at(now).map_or(until, |token| token.epoch().expires_at());
        Pause { from: now, until: until.min(end) }
    }

    pub(super) fn forget(&mut self, refused: &Arc<EpochToken>) {
        if self.held.iter().any(|held| Arc::ptr_eq(held, refused)) {
            // They came together and were signed with one key.
            self.held.clear();
        }
    }
}

/// The tokens, if the second is for the hour after the first.
fn in_order(EpochTokens { current, next }: EpochTokens) -> Option<Vec<Arc<EpochToken>>> {
    let follows = next.as_ref().is_none_or(|next| current.epoch().next() == Some(next.epoch()));
    follows.then(|| [Some(current), next].into_iter().flatten().map(Arc::new).collect())
}

/// Whether a token is one to use at `now`.
fn works(token: &EpochToken, now: SystemTime) -> bool {
    let epoch = token.epoch();
    let latest = now.checked_add(EpochClient::<(), ()>::CLOCK_SKEW).unwrap_or(now);
    latest >= epoch.starts_at() && now < epoch.expires_at()
}
