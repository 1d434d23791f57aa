//! Why the server did not do what it was asked.

use redis::{ErrorKind, RedisError, ServerErrorKind};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the server did not do what it was asked: the cause of a `StoreError`.
///
/// The causes are for the log: they hold the server's words.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisFailure {
    /// There is no connection, or it ended before the answer. What was asked may have been done.
    #[error("the Redis server cannot be reached, or went away before it answered")]
    Unreachable(#[source] Cause),
    /// No answer in time. What was asked may have been done.
    #[error("the Redis server does not answer in time")]
    Timeout(#[source] Cause),
    /// Its memory is full, and nothing was done. It does not pass by itself.
    #[error("the memory of the Redis server is full")]
    OutOfMemory(#[source] Cause),
    /// It is a replica, and nothing was done. It passes when the address leads to the primary again.
    #[error("what answers is a replica of the Redis server")]
    ReadOnly(#[source] Cause),
    /// It is reading its data after a start, and nothing was done.
    #[error("the Redis server is still reading its data")]
    Loading(#[source] Cause),
    /// A part of the Cluster is not there, or on the move, and nothing was done.
    #[error("the part of the Redis Cluster that keeps these keys is not available")]
    ClusterDown(#[source] Cause),
    /// The keys lie in several slots of the Cluster, and nothing was done. It never passes by itself: the
    /// names of the keys are changed on their way, or this is a bug.
    #[error("the Redis Cluster takes the keys of the store for keys of several slots")]
    CrossSlot(#[source] Cause),
    /// The user or the password is wrong, or the user may not do this, and nothing was done.
    #[error("the Redis server does not permit it")]
    NotPermitted(#[source] Cause),
    /// It refused for a reason of its own, such as a disk that it cannot save to, a script that it took too
    /// long over, or a key of another type.
    #[error("the Redis server refuses")]
    Refused(#[source] Cause),
    /// What answers does not speak the protocol.
    #[error("what answers is no Redis server")]
    NotRedis(#[source] Cause),
}

impl RedisFailure {
    /// A short, stable word for the log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "redis_unreachable",
            Self::Timeout(_) => "redis_timeout",
            Self::OutOfMemory(_) => "redis_out_of_memory",
            Self::ReadOnly(_) => "redis_read_only",
            Self::Loading(_) => "redis_loading",
            Self::ClusterDown(_) => "redis_cluster_down",
            Self::CrossSlot(_) => "redis_cross_slot",
            Self::NotPermitted(_) => "redis_not_permitted",
            Self::Refused(_) => "redis_refused",
            Self::NotRedis(_) => "redis_not_redis",
        }
    }

    pub(super) fn of(error: &RedisError) -> Self {
        let of = |kind: fn(Cause) -> Self| kind(Box::new(error.clone()));
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::ReadOnly) => of(Self::ReadOnly),
            ErrorKind::Server(ServerErrorKind::BusyLoading) => of(Self::Loading),
            ErrorKind::Server(ServerErrorKind::CrossSlot) => of(Self::CrossSlot),
            ErrorKind::Server(ServerErrorKind::NoPerm) | ErrorKind::AuthenticationFailed => {
                of(Self::NotPermitted)
            }
            ErrorKind::Server(
                ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::TryAgain
                | ServerErrorKind::Moved
                | ServerErrorKind::Ask,
            ) => of(Self::ClusterDown),
            _ => match error.code() {
                Some("OOM") => of(Self::OutOfMemory),
                Some("NOAUTH" | "WRONGPASS") => of(Self::NotPermitted),
                _ => Self::of_the_connection(error).map_or_else(|| of(Self::Refused), of),
            },
        }
    }

    /// What a failure of the connection is; none when the server refused.
    fn of_the_connection(error: &RedisError) -> Option<fn(Cause) -> Self> {
        match error.kind() {
            _ if error.is_timeout() => Some(Self::Timeout),
            ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => Some(Self::Unreachable),
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType | ErrorKind::RESP3NotSupported => {
                Some(Self::NotRedis)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(line: &str) -> &'static str {
        let value = redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        RedisFailure::of(&value.extract_error().unwrap_err()).reason()
    }

    #[test]
    fn what_a_server_says_is_told_apart() {
        let cases = [
            ("OOM command not allowed when used memory > 'maxmemory'.", "redis_out_of_memory"),
            ("READONLY You can't write against a read only replica.", "redis_read_only"),
            ("LOADING Redis is loading the dataset in memory", "redis_loading"),
            ("CROSSSLOT Keys in request don't hash to the same slot", "redis_cross_slot"),
            ("CLUSTERDOWN The cluster is down", "redis_cluster_down"),
            ("MASTERDOWN Link with MASTER is down", "redis_cluster_down"),
            ("TRYAGAIN Multiple keys request during rehashing of slot", "redis_cluster_down"),
            ("MOVED 3999 127.0.0.1:6381", "redis_cluster_down"),
            ("ASK 3999 127.0.0.1:6381", "redis_cluster_down"),
            ("NOPERM this user has no permissions to run the command", "redis_not_permitted"),
            ("NOAUTH Authentication required.", "redis_not_permitted"),
            ("WRONGPASS invalid username-password pair", "redis_not_permitted"),
            ("MISCONF Errors writing to the AOF file", "redis_refused"),
            ("NOREPLICAS Not enough good replicas to write.", "redis_refused"),
            ("BUSY Redis is busy running a script.", "redis_refused"),
            ("WRONGTYPE Operation against a key of the wrong kind", "redis_refused"),
            ("ERR whatever", "redis_refused"),
        ];
        for (line, expected) in cases {
            assert_eq!(reason(line), expected, "{line}");
        }
    }

    #[test]
    fn what_a_connection_says_is_told_apart() {
        let io = |kind: std::io::ErrorKind| {
            RedisFailure::of(&RedisError::from(std::io::Error::from(kind))).reason()
        };
        assert_eq!(io(std::io::ErrorKind::TimedOut), "redis_timeout");
        for kind in [
            std::io::ErrorKind::ConnectionRefused,
            std::io::ErrorKind::ConnectionReset,
            std::io::ErrorKind::BrokenPipe,
            std::io::ErrorKind::UnexpectedEof,
        ] {
            assert_eq!(io(kind), "redis_unreachable", "{kind}");
        }
        let parse = redis::parse_redis_value(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap_err();
        assert_eq!(RedisFailure::of(&parse).reason(), "redis_not_redis");
    }
}
