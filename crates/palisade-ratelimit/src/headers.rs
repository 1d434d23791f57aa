//! A decision as HTTP response headers.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use crate::time::seconds_up;
use crate::{Decision, Verdict};

/// Which headers a client reads.
///
/// # Examples
///
/// ```
/// use palisade_ratelimit::{HeaderStyle, MemoryLimiter, Request, preset::glassmkr};
/// # use std::time::SystemTime;
///
/// let limiter = MemoryLimiter::new(100_000)?;
/// # let now = SystemTime::now();
/// let decision = limiter.check(&Request::new(&glassmkr::PER_IP, "192.0.2.7").cost(40), now);
/// let headers: Vec<_> = decision.headers(HeaderStyle::Draft, now).collect();
/// assert_eq!(headers, [
///     ("ratelimit-policy", r#""per-ip";q=100;w=10"#.to_owned()),
///     ("ratelimit", r#""per-ip";r=60;t=4"#.to_owned()),
/// ]);
/// # Ok::<(), palisade_ratelimit::InvalidSize>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeaderStyle {
    /// `RateLimit-Policy` with every tier and `RateLimit` with the tightest one: draft-ietf-httpapi-ratelimit-headers-10.
    Draft,
    /// `X-RateLimit-Limit`, `-Remaining` and `-Reset` of the tightest tier.
    Legacy(ResetAs),
}

/// What `X-RateLimit-Reset` counts; there is no standard, and clients must be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResetAs {
    /// Seconds since 1970, as GLACIS and GitHub write it.
    Epoch,
    /// Seconds from now.
    Delta,
}

/// The headers of a [`Decision`]: names in lower case, and values.
///
/// All numbers of seconds are rounded up, so that a client which waits for them does not come too early.
#[derive(Clone, Debug)]
#[must_use = "headers are sent with the response"]
pub struct Headers {
    fields: [Option<(&'static str, String)>; 4],
}

impl Decision<'_> {
    /// The headers that tell a client of this decision.
    ///
    /// `Retry-After` (RFC 9110, section 10.2.3) is among them, at least 1, when the request was denied and waiting
    /// helps. The others tell of tiers, so there are none when nobody decided. They belong on every response, not
    /// only on a 429: a client that sees the end come can slow down.
    ///
    /// The reset of a request that passed is when all is back, and that of a denied one when to come again, as `Retry-After` says.
    /// What is left is counted in tokens, of which a request takes as many as it costs.
    pub fn headers(&self, style: HeaderStyle, now: SystemTime) -> Headers {
        let [first, second, third] = match style {
            HeaderStyle::Draft => self.draft(),
            HeaderStyle::Legacy(reset) => self.legacy(reset, now),
        };
        let retry = match self.verdict() {
            Verdict::Denied { retry_after } => {
                Some(("retry-after", seconds_up(retry_after).max(1).to_string()))
            }
            Verdict::Allowed | Verdict::Never => None,
        };
        Headers { fields: [first, second, third, retry] }
    }

    fn draft(&self) -> [Option<(&'static str, String)>; 3] {
        let mut policies = String::new();
        for (n, tier) in self.tiers().iter().enumerate() {
            let (name, window) = (tier.policy().name(), seconds_up(tier.quota().span()));
            let is_told = |told: &crate::TierState<'_>| {
                (told.policy().name(), told.quota()) == (name, tier.quota())
            };
            if self.tiers().iter().take(n).any(is_told) {
                continue;
            }
            let comma = if policies.is_empty() { "" } else { ", " };
            // Writing to a string does not fail.
            let _ = write!(policies, "{comma}\"{name}\";q={};w={window}", tier.limit());
        }
        let Some(tightest) = self.tightest() else { return [None, None, None] };
        let (name, left) = (tightest.policy().name(), tightest.remaining());
        let limit = format!("\"{name}\";r={left};t={}", seconds_up(tightest.told_reset()));
        [Some(("ratelimit-policy", policies)), Some(("ratelimit", limit)), None]
    }

    fn legacy(&self, reset: ResetAs, now: SystemTime) -> [Option<(&'static str, String)>; 3] {
        let Some(tightest) = self.tightest() else { return [None, None, None] };
        let after = tightest.told_reset();
        let reset = match reset {
            ResetAs::Delta => after,
            ResetAs::Epoch => now
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or(Duration::ZERO)
                .saturating_add(after),
        };
        [
            Some(("x-ratelimit-limit", tightest.limit().to_string())),
            Some(("x-ratelimit-remaining", tightest.remaining().to_string())),
            Some(("x-ratelimit-reset", seconds_up(reset).to_string())),
        ]
    }
}

impl Iterator for Headers {
    type Item = (&'static str, String);

    fn next(&mut self) -> Option<Self::Item> {
        self.fields.iter_mut().find_map(Option::take)
    }
}
