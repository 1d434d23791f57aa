#![doc = include_str!("../README.md")]

#[cfg_attr(
    not(any(
        feature = "ratelimit",
        feature = "revocation",
        feature = "session",
        feature = "webhook"
    )),
    expect(dead_code, unused_imports, reason = "scripts are for what the features add")
)]
mod database;
mod error;
mod namespace;
mod options;
mod pauses;
#[cfg(feature = "ratelimit")]
mod ratelimit;
#[cfg(feature = "webhook")]
mod replays;
#[cfg(feature = "revocation")]
mod revocations;
#[cfg(feature = "session")]
mod session;
mod warnings;

pub use self::database::RedisDatabase;
pub use self::error::ConnectError;
pub use self::namespace::{InvalidNamespace, Namespace};
pub use self::options::{InvalidTimeout, InvalidUrl, RedisOptions};
#[cfg(feature = "ratelimit")]
pub use self::ratelimit::{
    Counters, Event, Fault, InvalidLimiter, RedisLimiter, RedisLimiterBuilder,
};
#[cfg(feature = "webhook")]
pub use self::replays::RedisReplays;
#[cfg(feature = "revocation")]
pub use self::revocations::{
    AnnounceError, Following, InvalidRevokedId, Notice, Revocation, RevocationFeed, RevokedId,
};
#[cfg(feature = "session")]
pub use self::session::{CorruptRecord, RedisFailure, RedisSessionStore, UnknownReply, Unstorable};
pub use self::warnings::Warning;
