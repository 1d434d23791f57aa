//! Why Redis gave no decision.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::error::is_about_credentials;

/// Why Redis gave no decision.
///
/// Its text and its [`reason`](Self::reason) hold nothing of what Redis said, of a key or of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No answer came before the deadline.
    #[error("Redis did not answer in time")]
    Timeout,
    /// There is no connection, or it broke.
    #[error("Redis cannot be reached")]
    Connection,
    /// Redis reads its data from disk (`LOADING`), waits for its master (`MASTERDOWN`), or runs a script of
    /// somebody else (`BUSY`).
    #[error("Redis is not ready")]
    NotReady,
    /// The Cluster has no node for the key at the moment (`CLUSTERDOWN`), or its nodes send the client from
    /// one to the other (`MOVED`, `ASK`, `TRYAGAIN`).
    #[error("the Redis Cluster has no node for the key")]
    Cluster,
    /// The script was flushed again as soon as it had been loaded (`NOSCRIPT`).
    #[error("Redis does not keep the script")]
    NoScript,
    /// Redis is full and may not evict anything (`OOM`).
    #[error("Redis is out of memory")]
    OutOfMemory,
    /// The server is a replica, or was told to be one (`READONLY`).
    #[error("Redis is read-only")]
    ReadOnly,
    /// Redis takes no writes: its last snapshot failed (`MISCONF`), or too few replicas follow it
    /// (`NOREPLICAS`).
    #[error("Redis takes no writes")]
    WritesStopped,
    /// The keys of one request are on several nodes (`CROSSSLOT`), as behind a proxy that knows nothing of
    /// hash tags.
    #[error("the keys of a request are on several nodes")]
    CrossSlot,
    /// Redis asks for a password, or for another one (`NOAUTH`, `WRONGPASS`).
    #[error("Redis does not accept the credentials")]
    Unauthenticated,
    /// The user at Redis may not run a command or touch a key (`NOPERM`).
    #[error("the user at Redis lacks a permission")]
    Forbidden,
    /// What came back is no answer to what was asked: it is of another shape, or contradicts itself.
    #[error("Redis gave an answer that makes no sense")]
    Malformed,
    /// An error that is none of the others.
    #[error("Redis reported an error")]
    Other,
}

impl Fault {
    /// All of them, for metrics.
    pub const ALL: [Self; 13] = [
        Self::Timeout,
        Self::Connection,
        Self::NotReady,
        Self::Cluster,
        Self::NoScript,
        Self::OutOfMemory,
        Self::ReadOnly,
        Self::WritesStopped,
        Self::CrossSlot,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::Malformed,
        Self::Other,
    ];

    /// A short, stable word for the log and for metrics. What other parts of this crate meet as well has the
    /// same word there.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Timeout => "redis_timeout",
            Self::Connection => "redis_unreachable",
            Self::NotReady => "redis_not_ready",
            Self::Cluster => "redis_cluster_down",
            Self::NoScript => "redis_no_script",
            Self::OutOfMemory => "redis_out_of_memory",
            Self::ReadOnly => "redis_read_only",
            Self::WritesStopped => "redis_writes_stopped",
            Self::CrossSlot => "redis_cross_slot",
            Self::Unauthenticated => "redis_credentials",
            Self::Forbidden => "redis_not_permitted",
            Self::Malformed => "redis_malformed",
            Self::Other => "redis_refused",
        }
    }

    /// Whether it may well pass by itself. Where it does not, an operator must look: waiting does not give
    /// Redis memory or a permission.
    #[must_use]
    pub fn heals(self) -> bool {
        match self {
            Self::Timeout | Self::Connection | Self::NotReady | Self::Cluster | Self::NoScript => {
                true
            }
            Self::OutOfMemory
            | Self::ReadOnly
            | Self::WritesStopped
            | Self::CrossSlot
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::Malformed
            | Self::Other => false,
        }
    }

    /// The place in [`ALL`](Self::ALL).
    pub(super) fn place(self) -> usize {
        self as usize
    }

    pub(super) fn of(error: &RedisError) -> Self {
        if is_about_credentials(error) {
            return Self::Unauthenticated;
        }
        if error.is_timeout() {
            return Self::Timeout;
        }
        match error.kind() {
            ErrorKind::Io
            | ErrorKind::ClusterConnectionNotFound
            | ErrorKind::MasterNameNotFoundBySentinel
            | ErrorKind::NoValidReplicasFoundBySentinel => Self::Connection,
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Self::Malformed,
            ErrorKind::Server(kind) => Self::of_server(kind, error.detail()),
            ErrorKind::Extension => error.code().map_or(Self::Other, Self::of_code),
            _ => Self::Other,
        }
    }

    fn of_server(kind: ServerErrorKind, detail: Option<&str>) -> Self {
        match kind {
            ServerErrorKind::BusyLoading | ServerErrorKind::MasterDown => Self::NotReady,
            ServerErrorKind::NoScript => Self::NoScript,
            ServerErrorKind::Moved
            | ServerErrorKind::Ask
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown => Self::Cluster,
            ServerErrorKind::CrossSlot => Self::CrossSlot,
            ServerErrorKind::ReadOnly => Self::ReadOnly,
            ServerErrorKind::NoPerm => Self::Forbidden,
            // Before Redis 7 the code of an error inside a script was in the text alone.
            ServerErrorKind::ResponseError => detail.map_or(Self::Other, Self::of_text),
            _ => Self::Other,
        }
    }

    fn of_code(code: &str) -> Self {
        match code {
            "OOM" => Self::OutOfMemory,
            "READONLY" => Self::ReadOnly,
            "MISCONF" | "NOREPLICAS" => Self::WritesStopped,
            "CROSSSLOT" => Self::CrossSlot,
            "NOPERM" => Self::Forbidden,
            "LOADING" | "MASTERDOWN" | "BUSY" => Self::NotReady,
            "CLUSTERDOWN" | "MOVED" | "ASK" | "TRYAGAIN" => Self::Cluster,
            "NOSCRIPT" => Self::NoScript,
            _ => Self::Other,
        }
    }

    fn of_text(text: &str) -> Self {
        // Before Redis 7.2 this had no code inside a script.
        if text.contains("The user executing the script can't ") {
            return Self::Forbidden;
        }
        text.split([' ', ':'])
            .filter_map(|word| word.strip_prefix('-'))
            .map(Self::of_code)
            .find(|fault| *fault != Self::Other)
            .unwrap_or(Self::Other)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{ErrorKind, Fault, RedisError};

    /// The fault that a reply of a server is.
    fn reply(reply: &str) -> Fault {
        let value = redis::parse_redis_value(format!("-{reply}\r\n").as_bytes()).unwrap();
        Fault::of(&value.extract_error().unwrap_err())
    }

    #[test]
    fn replies_of_servers_are_told_apart() {
        let rows = [
            ("OOM command not allowed when used memory > 'maxmemory'.", Fault::OutOfMemory),
            ("READONLY You can't write against a read only replica.", Fault::ReadOnly),
            ("MISCONF Redis is configured to save RDB snapshots", Fault::WritesStopped),
            ("NOREPLICAS Not enough good replicas to write.", Fault::WritesStopped),
            ("CROSSSLOT Keys in request don't hash to the same slot", Fault::CrossSlot),
            ("NOAUTH Authentication required.", Fault::Unauthenticated),
            ("WRONGPASS invalid username-password pair", Fault::Unauthenticated),
            ("NOPERM this user has no permissions to run the command", Fault::Forbidden),
            ("LOADING Redis is loading the dataset in memory", Fault::NotReady),
            ("MASTERDOWN Link with MASTER is down", Fault::NotReady),
            ("BUSY Redis is busy running a script.", Fault::NotReady),
            ("CLUSTERDOWN The cluster is down", Fault::Cluster),
            ("CLUSTERDOWN Hash slot not served", Fault::Cluster),
            ("MOVED 3999 127.0.0.1:6381", Fault::Cluster),
            ("ASK 3999 127.0.0.1:6381", Fault::Cluster),
            ("TRYAGAIN Multiple keys request during rehashing of slot", Fault::Cluster),
            ("NOSCRIPT No matching script. Please use EVAL.", Fault::NoScript),
            ("ERR unknown command 'EVALSHA'", Fault::Other),
            ("SOMETHING that was never heard of", Fault::Other),
            // As Redis 7.0 says it from inside a script, and then Redis 6.
            (
                "ERR The user executing the script can't run this command or subcommand \
                 script: f_0, on @user_script:1.",
                Fault::Forbidden,
            ),
            (
                "ERR Error running script (call to f_0): @user_script:1: The user executing the \
                 script can't access at least one of the keys mentioned in the command arguments",
                Fault::Forbidden,
            ),
            // As Redis 6 says it from inside a script.
            (
                "ERR Error running script (call to f_0): @user_script:1: @user_script: 1: \
                 -OOM command not allowed when used memory > 'maxmemory'.",
                Fault::OutOfMemory,
            ),
            (
                "ERR Error running script (call to f_0): @user_script:1: \
                 -READONLY You can't write against a read only replica.",
                Fault::ReadOnly,
            ),
        ];
        for (text, fault) in rows {
            assert_eq!(reply(text), fault, "{text}");
        }
    }

    #[test]
    fn failures_of_the_connection_are_told_apart() {
        let io = |kind| Fault::of(&RedisError::from(io::Error::from(kind)));
        assert_eq!(io(io::ErrorKind::TimedOut), Fault::Timeout);
        assert_eq!(io(io::ErrorKind::ConnectionRefused), Fault::Connection);
        assert_eq!(io(io::ErrorKind::BrokenPipe), Fault::Connection);
        let kind = |kind| Fault::of(&RedisError::from((kind, "test")));
        assert_eq!(kind(ErrorKind::Io), Fault::Connection);
        assert_eq!(kind(ErrorKind::ClusterConnectionNotFound), Fault::Connection);
        assert_eq!(kind(ErrorKind::AuthenticationFailed), Fault::Unauthenticated);
        assert_eq!(kind(ErrorKind::Parse), Fault::Malformed);
        assert_eq!(kind(ErrorKind::UnexpectedReturnType), Fault::Malformed);
        assert_eq!(kind(ErrorKind::InvalidClientConfig), Fault::Other);
    }

    #[test]
    fn all_are_in_their_places() {
        for (place, fault) in Fault::ALL.into_iter().enumerate() {
            assert_eq!(fault.place(), place);
        }
        assert_eq!(Fault::Other.place() + 1, Fault::ALL.len());
    }

    #[test]
    fn every_fault_has_a_word_of_its_own() {
        let mut words = Fault::ALL.map(Fault::reason);
        words.sort_unstable();
        assert!(words.windows(2).all(|pair| pair[0] != pair[1]), "{words:?}");
        assert!(words.iter().all(|word| word.starts_with("redis_")));
    }

    #[test]
    fn what_an_operator_must_look_at_is_named() {
        for fault in [Fault::Timeout, Fault::Connection, Fault::NotReady, Fault::Cluster] {
            assert!(fault.heals(), "{fault:?}");
        }
        for fault in [Fault::OutOfMemory, Fault::CrossSlot, Fault::ReadOnly, Fault::Malformed] {
            assert!(!fault.heals(), "{fault:?}");
        }
    }
}
