//! What is asked of a limiter.

use smallvec::SmallVec;

use crate::Policy;

/// How many tiers are kept without an allocation.
pub(crate) const INLINE: usize = 4;

/// One request to be counted: in which tiers, and what it costs.
///
/// The first tier is the widest, and the others are counted within it: the keys of an account within the account.
/// In a Redis Cluster all of them live on one node, by the key of the first.
///
/// Keys are any bytes, of any length; they are hashed. What a stranger can choose freely is a poor key: count an
/// IPv6 client by its /64, and an API key by its id once it is known, never by the text that was presented.
///
/// # Examples
///
/// ```
/// use palisade_ratelimit::{Request, preset::glassmkr};
///
/// let before_authentication = Request::new(&glassmkr::PER_IP, "192.0.2.7");
/// let after_it = Request::new(&glassmkr::PER_ACCOUNT, "acct_42").within(&glassmkr::PER_KEY, "key_7").cost(5);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a request is counted when a limiter checks it"]
pub struct Request<'p, 'k> {
    pub(crate) tiers: SmallVec<[Tier<'p, 'k>; INLINE]>,
    pub(crate) cost: u32,
}

/// One tier of a [`Request`].
#[derive(Clone, Copy)]
pub struct Tier<'p, 'k> {
    policy: &'p Policy,
    group: Option<&'k [u8]>,
    key: &'k [u8],
}

impl<'p, 'k> Request<'p, 'k> {
    /// A request that costs 1, counted under one policy by one key.
    pub fn new<K: AsRef<[u8]> + ?Sized>(policy: &'p Policy, key: &'k K) -> Self {
        let mut tiers = SmallVec::new();
        tiers.push(Tier { policy, group: None, key: key.as_ref() });
        Self { tiers, cost: 1 }
    }

    /// Counted under another policy as well, by a key within that of the first tier: the same key within another
    /// account is another counter.
    ///
    /// # Security
    ///
    /// It is for what *belongs* to the first tier: the keys of an account. Two things that have nothing to do with each
    /// other, such as an address and the name that somebody tries to sign in with, are two requests to the limiter. As
    /// one, a botnet would have a limit for each pair of them, and none for the name.
    pub fn within<K: AsRef<[u8]> + ?Sized>(mut self, policy: &'p Policy, key: &'k K) -> Self {
        let group = self.tiers.first().map(|first| first.key);
        self.tiers.push(Tier { policy, group, key: key.as_ref() });
        self
    }

    /// What it costs, in each tier. A cost of 0 takes nothing and is always allowed.
    pub fn cost(mut self, cost: u32) -> Self {
        self.cost = cost;
        self
    }

    /// The tiers, the widest first; at least one.
    #[must_use]
    pub fn tiers(&self) -> &[Tier<'p, 'k>] {
        &self.tiers
    }

    /// What it costs.
    #[must_use]
    pub fn costs(&self) -> u32 {
        self.cost
    }
}

impl<'p, 'k> Tier<'p, 'k> {
    /// Under which policy.
    #[must_use]
    pub fn policy(&self) -> &'p Policy {
        self.policy
    }

    /// By which key.
    #[must_use]
    pub fn key(&self) -> &'k [u8] {
        self.key
    }

    /// The key of the first tier, for all others.
    #[must_use]
    pub fn group(&self) -> Option<&'k [u8]> {
        self.group
    }
}

/// Without the keys, which may say who somebody is.
impl std::fmt::Debug for Tier<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tier").field("policy", &self.policy.name()).finish_non_exhaustive()
    }
}
