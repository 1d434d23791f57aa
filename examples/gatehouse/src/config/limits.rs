//! What is configured of rate limits.

use std::time::Duration;

use palisade::ratelimit::preset::{glacis, glassmkr};
use palisade::ratelimit::{
    FailurePolicy, HeaderStyle, InvalidQuota, PER_HOUR, Policy, Quota, ResetAs, Share,
};
use palisade_redis::{Namespace, RedisDatabase, RedisOptions};

use super::{ConfigError, Vars};

pub(super) const REDIS_URL: &str = "REDIS_URL";
pub(super) const REDIS_NAMESPACE: &str = "REDIS_NAMESPACE";
pub(super) const FAILURE: &str = "RATE_LIMIT_FAILURE";
pub(super) const DEADLINE: &str = "RATE_LIMIT_DEADLINE_MS";
pub(super) const PER_IP: &str = "RATE_LIMIT_PER_IP";
pub(super) const PER_LOGIN: &str = "RATE_LIMIT_PER_LOGIN";
pub(super) const PER_LOGIN_AND_IP: &str = "RATE_LIMIT_PER_LOGIN_AND_IP";
pub(super) const PER_ACCOUNT: &str = "RATE_LIMIT_PER_ACCOUNT";
pub(super) const PER_KEY: &str = "RATE_LIMIT_PER_KEY";
pub(super) const PER_SESSION: &str = "RATE_LIMIT_PER_SESSION";
pub(super) const PER_SIDECAR: &str = "RATE_LIMIT_PER_SIDECAR";
pub(super) const HEADERS: &str = "RATE_LIMIT_HEADERS";
pub(super) const KEYS: &str = "RATE_LIMIT_KEYS";

/// With which a service of some processes goes on when Redis does not answer: four of them give away what was meant.
const SHARE: u32 = 4;

/// How long a decision of Redis is waited for.
const DEADLINE_DEFAULT: Duration = Duration::from_millis(20);

/// Places of the limiter in process. At 32 bytes and a third more, all that is possible is below half a gigabyte.
const KEYS_DEFAULT: usize = 100_000;
const KEYS_ALLOWED: std::ops::RangeInclusive<usize> = 1_000..=10_000_000;

/// How often one may come.
#[derive(Clone, Debug)]
pub struct LimitConfig {
    /// The limit of each kind of caller.
    pub policies: LimitPolicies,
    /// Which headers tell of it.
    pub headers: HeaderStyle,
    /// How many keys are counted in process.
    pub keys: usize,
    /// The server that several processes count on.
    pub redis: Option<RedisConfig>,
    /// The variables that were given and mean nothing without a server.
    pub idle: Vec<&'static str>,
}

/// The limit of each kind of caller.
#[derive(Clone, Debug)]
pub struct LimitPolicies {
    /// Of an IPv4 address or a /64, whoever sends from there.
    pub per_ip: Policy,
    /// Of the guesses at one password, wherever they come from.
    pub per_login: Policy,
    /// Of those from one address.
    pub per_login_and_ip: Policy,
    /// Of an organisation or a person, by whatever key or session.
    pub per_account: Policy,
    /// Of an API key.
    pub per_key: Policy,
    /// Of a session.
    pub per_session: Policy,
    /// Of a sidecar with its epoch tokens.
    pub per_sidecar: Policy,
}

/// The server that several processes count on, and tell each other of revocations.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// Where it is. It may hold a password, which `Debug` leaves out.
    pub options: RedisOptions,
    /// What begins the names of all that is kept there.
    pub namespace: Namespace,
    /// What holds while it does not answer.
    pub failure: FailurePolicy,
    /// How long a decision is waited for.
    pub deadline: Duration,
}

impl LimitConfig {
    pub(super) fn read(vars: &Vars) -> Result<Self, ConfigError> {
        let rule = "draft, legacy-epoch or legacy-delta";
        let headers = vars.read(HEADERS, HeaderStyle::Draft, rule, |text| match text {
            "draft" => Some(HeaderStyle::Draft),
            "legacy-epoch" => Some(HeaderStyle::Legacy(ResetAs::Epoch)),
            "legacy-delta" => Some(HeaderStyle::Legacy(ResetAs::Delta)),
            _ => None,
        })?;
        let rule = "a whole number from 1000 to 10000000";
        let keys = vars.read(KEYS, KEYS_DEFAULT, rule, |text| {
            text.parse().ok().filter(|keys| KEYS_ALLOWED.contains(keys))
        })?;
        let (policies, redis) = (LimitPolicies::read(vars)?, RedisConfig::read(vars)?);
        let of_redis = [REDIS_NAMESPACE, FAILURE, DEADLINE].into_iter();
        let idle = of_redis.filter(|name| redis.is_none() && vars.is_given(name)).collect();
        Ok(Self { policies, headers, keys, redis, idle })
    }

    /// The server, which is connected to when it is first needed; nothing where none is configured.
    #[must_use]
    pub fn database(&self) -> Option<RedisDatabase> {
        self.redis.as_ref().map(|redis| RedisDatabase::open(redis.options.clone()))
    }
}

impl LimitPolicies {
    fn read(vars: &Vars) -> Result<Self, ConfigError> {
        let policy = |variable, name, default: Result<Quota, InvalidQuota>| {
            let quota = match vars.quota(variable)? {
                Some(quota) => quota,
                None => default.map_err(|error| ConfigError::problem(variable, &error))?,
            };
            Policy::new(name, quota).map_err(|error| ConfigError::problem(variable, &error))
        };
        let hourly = |guesses| Quota::bucket(guesses).refill(guesses, PER_HOUR);
        Ok(Self {
            per_ip: policy(PER_IP, "per-ip", Ok(glassmkr::PER_IP.quota()))?,
            per_login: policy(PER_LOGIN, "per-login", hourly(50))?,
            per_login_and_ip: policy(PER_LOGIN_AND_IP, "per-login-and-ip", hourly(10))?,
            per_account: policy(PER_ACCOUNT, "per-account", Ok(glassmkr::PER_ACCOUNT.quota()))?,
            per_key: policy(PER_KEY, "per-key", Ok(glassmkr::PER_KEY.quota()))?,
            per_session: policy(PER_SESSION, "per-session", Ok(glacis::PER_SESSION.quota()))?,
            per_sidecar: policy(PER_SIDECAR, "per-sidecar", Ok(glacis::PER_SIDECAR.quota()))?,
        })
    }

    /// The most that a request may cost by the limits that costs differ in, where a process gives away a share of each.
    pub(crate) fn most(&self, share: Share) -> u32 {
        let limit = |policy: &Policy| policy.quota().share(share).capacity();
        let limits = [&self.per_ip, &self.per_account, &self.per_key, &self.per_session].map(limit);
        limits.into_iter().fold(u32::MAX, u32::min)
    }
}

impl RedisConfig {
    fn read(vars: &Vars) -> Result<Option<Self>, ConfigError> {
        let rule = "open, closed, or local: and the share of one process, such as local:1/4";
        let share = Share::one_of(SHARE).map_err(|error| ConfigError::problem(FAILURE, &error))?;
        let failure =
            vars.read(FAILURE, FailurePolicy::Local(share), rule, |text| text.parse().ok())?;
        let rule = "a whole number of milliseconds from 1 to 1000";
        let deadline = vars.read(DEADLINE, DEADLINE_DEFAULT, rule, |text| {
            let millis = text.parse().ok().filter(|millis| (1..=1000).contains(millis));
            millis.map(Duration::from_millis)
        })?;
        let rule = "1 to 32 lower-case letters, digits, `_` and `-`";
        let namespace = vars.text(REDIS_NAMESPACE, rule)?.unwrap_or("gatehouse");
        let namespace = Namespace::new(namespace)
            .map_err(|error| ConfigError::problem(REDIS_NAMESPACE, &error))?;
        let Some(url) = vars.text(REDIS_URL, "a URL such as redis://127.0.0.1:6379")? else {
            return Ok(None);
        };
        let options =
            RedisOptions::parse(url).map_err(|error| ConfigError::problem(REDIS_URL, &error))?;
        Ok(Some(Self { options, namespace, failure, deadline }))
    }
}

impl Vars {
    fn quota(&self, name: &'static str) -> Result<Option<Quota>, ConfigError> {
        let rule = "a limit such as 100 + 10/s, or 1000/min";
        let text = self.text(name, rule)?;
        text.map(str::parse).transpose().map_err(|error| ConfigError::problem(name, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config(vars: &[(&str, &str)]) -> Result<LimitConfig, ConfigError> {
        let vars = vars.iter().map(|(name, value)| (name.into(), value.into()));
        Config::from_vars(vars).map(|config| config.limits)
    }

    #[test]
    fn the_limits_of_who_says_nothing() {
        let config = config(&[]).unwrap();
        let policies = &config.policies;
        for (policy, name, limit) in [
            (&policies.per_ip, "per-ip", "100 + 10/s"),
            (&policies.per_login, "per-login", "50/h"),
            (&policies.per_login_and_ip, "per-login-and-ip", "10/h"),
            (&policies.per_account, "per-account", "5000 + 500/s"),
            (&policies.per_key, "per-key", "1000 + 100/s"),
            (&policies.per_session, "per-session", "100/min"),
            (&policies.per_sidecar, "per-sidecar", "100/min"),
        ] {
            assert_eq!((policy.name(), policy.quota()), (name, limit.parse().unwrap()));
        }
        assert_eq!((config.headers, config.keys), (HeaderStyle::Draft, 100_000));
        assert!(config.redis.is_none() && config.database().is_none());
        assert!(config.idle.is_empty());
    }

    #[test]
    fn what_means_nothing_without_a_server() {
        let vars = [(FAILURE, "closed"), (DEADLINE, "5"), (REDIS_URL, "redis://127.0.0.1")];
        assert_eq!(config(&vars[..2]).unwrap().idle, [FAILURE, DEADLINE]);
        assert!(config(&vars).unwrap().idle.is_empty());
    }

    #[test]
    fn as_the_operator_says() {
        let config = config(&[
            (REDIS_URL, "redis://:hunter2@127.0.0.1:7000/3"),
            (REDIS_NAMESPACE, "staging"),
            (FAILURE, "closed"),
            (DEADLINE, "7"),
            (PER_KEY, "10000/day fixed"),
            (HEADERS, "legacy-epoch"),
            (KEYS, "1000"),
        ]);
        let config = config.unwrap();
        assert_eq!(config.policies.per_key.quota(), "10000/day fixed".parse().unwrap());
        assert_eq!(config.headers, HeaderStyle::Legacy(ResetAs::Epoch));
        assert!(!format!("{config:?}").contains("hunter2"));
        let redis = config.redis.unwrap();
        assert_eq!((redis.failure, redis.deadline.as_millis()), (FailurePolicy::Closed, 7));
        assert_eq!(redis.namespace.as_str(), "staging");
    }

    #[test]
    fn without_a_word_a_process_goes_on_with_a_quarter() {
        let redis = config(&[(REDIS_URL, "redis://127.0.0.1")]).unwrap().redis.unwrap();
        assert_eq!(redis.failure.to_string(), "local:1/4");
        assert_eq!(redis.deadline.as_millis(), 20);
    }

    #[test]
    fn what_is_not_understood_is_named_and_not_repeated() {
        for (name, odd) in [
            (REDIS_URL, "hunter2"),
            (REDIS_URL, "http://hunter2@127.0.0.1"),
            (REDIS_URL, ""),
            (REDIS_NAMESPACE, "hunter2 "),
            (FAILURE, "local"),
            (FAILURE, "local:2/1"),
            (FAILURE, "Open"),
            (DEADLINE, "0"),
            (DEADLINE, "1001"),
            (DEADLINE, "20ms"),
            (PER_IP, "0/s"),
            (PER_IP, "hunter2"),
            (PER_LOGIN, ""),
            (PER_SESSION, "100/m"),
            (HEADERS, "none"),
            (KEYS, "999"),
            (KEYS, "10000001"),
            ("RATE_LIMIT_PER_USER", "hunter2"),
        ] {
            let error = config(&[(name, odd)]).unwrap_err().to_string();
            assert!(error.starts_with(name) && !error.contains("hunter2"), "{odd}: {error}");
        }
    }

    #[test]
    fn variables_of_a_cluster_are_no_typing_errors() {
        let host = ("RATE_LIMIT_SERVICE_HOST", "10.0.0.1");
        assert!(config(&[host, ("RATE_LIMIT_PORT", "tcp://10.0.0.1:80")]).is_ok());
        assert!(config(&[("RATE_LIMIT_PORT", "tcp://10.0.0.1:80")]).is_err());
        assert!(config(&[("REDIS_PORT", "tcp://10.0.0.2:6379"), ("REDIS", "x")]).is_ok());
    }

    #[test]
    fn a_share_bounds_what_a_request_costs() {
        let most = |limit, share| {
            let policies = config(&[(PER_KEY, limit)]).unwrap().policies;
            policies.most(Share::one_of(share).unwrap())
        };
        assert_eq!((most("1000/s", 1), most("1000/s", 4)), (100, 25));
        assert_eq!((most("8/s", 1), most("8/s", 4), most("1/s", 4)), (8, 2, 1));
    }
}
