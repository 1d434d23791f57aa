//! Why there is no connection.

use redis::{ErrorKind, RedisError};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why [`RedisDatabase::connect`](crate::RedisDatabase::connect) has no connection. The causes are for the
/// log: they hold the server's words, and never the password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nobody listens at the address, or its name is not known.
    #[error("the Redis server cannot be reached")]
    Unreachable(#[source] Cause),
    /// The server did not answer in time.
    #[error("the Redis server does not answer in time")]
    Timeout(#[source] Cause),
    /// The server wants a user and a password, or others than those of the URL.
    #[error("the Redis server refuses the user or the password")]
    Credentials(#[source] Cause),
    /// What answers is not a Redis server, or one so old that it does not speak RESP3.
    #[error("what answers is not a Redis server of a version that is supported")]
    NotRedis(#[source] Cause),
    /// The server refuses for another reason: it is loading, has no such database, or is not a Cluster.
    #[error("the Redis server refuses the connection")]
    Refused(#[source] Cause),
}

impl ConnectError {
    /// A short, stable word for the log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "redis_unreachable",
            Self::Timeout(_) => "redis_timeout",
            Self::Credentials(_) => "redis_credentials",
            Self::NotRedis(_) => "redis_not_redis",
            Self::Refused(_) => "redis_refused",
        }
    }
}

impl From<RedisError> for ConnectError {
    fn from(error: RedisError) -> Self {
        let of = |kind: fn(Cause) -> Self| kind(Box::new(error.clone()));
        if is_about_credentials(&error) {
            return of(Self::Credentials);
        }
        match error.kind() {
            _ if error.is_timeout() => of(Self::Timeout),
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType | ErrorKind::RESP3NotSupported => {
                of(Self::NotRedis)
            }
            ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => of(Self::Unreachable),
            _ => of(Self::Refused),
        }
    }
}

/// Whether the server wants a user and a password, or others. The client of a Cluster hands on what its nodes said
/// as a text alone.
pub(crate) fn is_about_credentials(error: &RedisError) -> bool {
    const CODES: [&str; 2] = ["WRONGPASS", "NOAUTH"];
    error.kind() == ErrorKind::AuthenticationFailed
        || error.code().is_some_and(|code| CODES.contains(&code))
        || error.detail().is_some_and(|text| CODES.iter().any(|code| text.contains(code)))
}
