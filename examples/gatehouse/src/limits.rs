//! How often one may come.
//!
//! Each request is counted twice. First by the address that it comes from, before anything is known of it: that bounds
//! what a stranger can cost. Then, once it is known who calls and that he may come from there, in one decision by the
//! account and by the key, session or sidecar within it. So a stranger takes nothing of anybody's account, and nor does
//! somebody whom an allowlist turns away.
//!
//! Guesses at a password are counted by the login name as well, whether or not anybody has it.

mod counters;
mod door;
mod tally;
mod weights;

use std::net::IpAddr;
use std::time::SystemTime;

use palisade::allowlist::RateKey;
use palisade::ratelimit::{Decision, FailurePolicy, HeaderStyle, Request, Share};
use palisade_redis::RedisDatabase;

use crate::config::{LimitConfig, LimitPolicies};
use crate::error::ApiError;
use crate::start::StartError;
use crate::users::LoginName;
use counters::{Counters, Kind};

pub(crate) use counters::look_at_settings;
pub(crate) use door::{Counted, count_address};
pub(crate) use tally::Tally;

/// How often one may come, and what counts it.
#[derive(Debug)]
pub struct Limits {
    policies: LimitPolicies,
    headers: HeaderStyle,
    counters: Counters,
    /// The most that a request costs, so that no route is closed by a limit that is smaller than its cost.
    most: u32,
}

/// By what a caller who is known is counted, within the account.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holder<'a> {
    /// The id of an API key.
    Key(&'a str),
    /// The id of a session.
    Session(&'a str),
    /// The id of a sidecar.
    Sidecar(&'a str),
}

/// A guess at a password.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guess<'a> {
    /// At whose.
    pub(crate) login: &'a LoginName,
    /// From where.
    pub(crate) address: IpAddr,
    /// Whether there is somebody of that name, who may not come from there.
    pub(crate) is_outside: bool,
}

impl Limits {
    /// Limits that begin to count now: on this server, or in process where there is none.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the counters cannot be set up. A Redis server that is not there is no error.
    pub fn open(
        config: &LimitConfig,
        database: Option<&RedisDatabase>,
    ) -> Result<Self, StartError> {
        let counters = Counters::open(config, database)?;
        for variable in &config.idle {
            tracing::warn!(
                variable,
                "without REDIS_URL each process counts for itself, and this means nothing"
            );
        }
        let policies = config.policies.clone();
        let share = match config.redis.as_ref().map(|redis| redis.failure) {
            Some(FailurePolicy::Local(share)) => share,
            _ => Share::WHOLE,
        };
        let most = policies.most(share);
        Ok(Self { policies, headers: config.headers, counters, most })
    }

    /// Counts a request by the address that it comes from.
    pub(crate) async fn of_address(
        &self,
        address: IpAddr,
        tally: &Tally,
        now: SystemTime,
    ) -> Result<(), ApiError> {
        let key = RateKey::of(address);
        let request =
            Request::new(&self.policies.per_ip, key.as_bytes()).cost(tally.weight().min(self.most));
        let decision = self.counters.check(Kind::Address, &request, now).await;
        self.conclude(&decision, tally, now)
    }

    /// Counts a request of somebody who is known and may come, by the account and what he shows.
    pub(crate) async fn of_caller(
        &self,
        account: &str,
        holder: Holder<'_>,
        tally: &Tally,
        now: SystemTime,
    ) -> Result<(), ApiError> {
        let (policy, id) = match holder {
            Holder::Key(id) => (&self.policies.per_key, id),
            Holder::Session(id) => (&self.policies.per_session, id),
            Holder::Sidecar(id) => (&self.policies.per_sidecar, id),
        };
        let request = Request::new(&self.policies.per_account, account).within(policy, id);
        let request = request.cost(tally.weight().min(self.most));
        let decision = self.counters.check(Kind::Known, &request, now).await;
        self.conclude(&decision, tally, now)
    }

    /// Counts a guess at the password of whoever has this login name, if anybody has.
    ///
    /// One address alone cannot use up the limit of the name: it is refused by its own first, which leaves the rest for
    /// the owner. And those whom the allowlist of the owner turns away have a limit of their own, so they cannot use up
    /// that of the people inside. Everybody meets the same numbers, so nobody learns which names there are.
    pub(crate) async fn of_guess(
        &self,
        guess: &Guess<'_>,
        tally: &Tally,
        now: SystemTime,
    ) -> Result<(), ApiError> {
        let (policies, key) = (&self.policies, RateKey::of(guess.address));
        let name = guess.key();
        let request = Request::new(&policies.per_login, &name);
        let request = request.within(&policies.per_login_and_ip, key.as_bytes());
        let decision = self.counters.check(Kind::Guess, &request, now).await;
        self.conclude(&decision, tally, now)
    }

    /// How many requests shared a counter because there was no place for theirs, since the start.
    pub(crate) fn overflowed(&self) -> u64 {
        self.counters.overflowed()
    }

    fn conclude(
        &self,
        decision: &Decision<'_>,
        tally: &Tally,
        now: SystemTime,
    ) -> Result<(), ApiError> {
        tally.add(decision, self.headers, now);
        let Err(limited) = decision.require() else { return Ok(()) };
        Err(limited.into())
    }
}

impl Guess<'_> {
    /// The key of the login name. A byte that no plain key has makes sure that a store outside of this process gets a
    /// digest of the name and not the name: who has an account here is for nobody's eyes.
    fn key(&self) -> Vec<u8> {
        [&[u8::from(self.is_outside)], self.login.as_str().as_bytes()].concat()
    }
}
