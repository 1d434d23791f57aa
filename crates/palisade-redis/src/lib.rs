#![doc = include_str!("../README.md")]

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
#[cfg(feature = "session")]
pub use self::session::{CorruptRecord, RedisFailure, RedisSessionStore, UnknownReply, Unstorable};
#[cfg(feature = "revocation")]
pub use self::revocations::{
    AnnounceError, Following, InvalidRevokedId, Notice, Revocation, RevocationFeed, RevokedId,
};
pub use self::warnings::Warning;
