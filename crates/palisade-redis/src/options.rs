//! Which server, and how long to wait for it.

mod url;

use std::fmt;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{
    ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo,
};

pub use self::url::InvalidUrl;

/// Where a Redis server or Cluster is, who we are to it, and how long to wait for it.
///
/// # Examples
///
/// ```
/// use palisade_redis::RedisOptions;
/// use std::time::Duration;
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let one = RedisOptions::parse("redis://gatehouse:secret@10.0.0.7:6379/2")?;
/// let several = RedisOptions::parse("redis-cluster://10.0.0.7:6379,10.0.0.8:6379")?
///     .answer_timeout(Duration::from_millis(200))?;
/// assert!(!format!("{one:?}").contains("secret"));
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
#[derive(Clone)]
pub struct RedisOptions {
    /// One, or the seeds of a Cluster; never none.
    nodes: Vec<Node>,
    cluster: bool,
    user: Option<String>,
    password: Option<String>,
    database: u8,
    connect_timeout: Duration,
    answer_timeout: Duration,
}

/// The address of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    host: String,
    port: u16,
}

/// How long a connection may take when nothing is said.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long an answer may take when nothing is said.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// What a timeout may be. A longer one would hang a request for longer than any client waits.
const TIMEOUTS: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_mins(1);

impl RedisOptions {
    /// Reads the options from a URL.
    ///
    /// - `redis://[user:password@]host[:port][/database]` is one server;
    /// - `redis-cluster://[user:password@]host[:port],host[:port],…` is a Cluster, by any of its nodes;
    ///   naming several lets a process start while one of them is down.
    ///
    /// The port is 6379 and the database 0 when they are not given. A user and a password may hold any
    /// character, percent-encoded where it means something in a URL; `:password@` stands for the user
    /// `default`. An IPv6 address stands in brackets.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`], which says what is wrong and repeats nothing of the URL.
    pub fn parse(url: &str) -> Result<Self, InvalidUrl> {
        url::parse(url)
    }

    /// How long it may take to connect, with name resolution and sign-in: one second when nothing is said.
    ///
    /// For a Cluster this is the limit for each of its nodes.
    ///
    /// # Errors
    ///
    /// [`InvalidTimeout`] for less than a millisecond and more than a minute.
    pub fn connect_timeout(self, timeout: Duration) -> Result<Self, InvalidTimeout> {
        Ok(Self { connect_timeout: checked(timeout)?, ..self })
    }

    /// How long the answer to a command may take: half a second when nothing is said.
    ///
    /// # Errors
    ///
    /// [`InvalidTimeout`] for less than a millisecond and more than a minute.
    pub fn answer_timeout(self, timeout: Duration) -> Result<Self, InvalidTimeout> {
        Ok(Self { answer_timeout: checked(timeout)?, ..self })
    }

    pub(crate) fn is_cluster(&self) -> bool {
        self.cluster
    }

    #[cfg(feature = "revocation")]
    pub(crate) fn database(&self) -> u8 {
        self.database
    }

    pub(crate) fn connecting(&self) -> Duration {
        self.connect_timeout
    }

    pub(crate) fn answering(&self) -> Duration {
        self.answer_timeout
    }

    /// What the client needs to connect to each node.
    ///
    /// The protocol is that of Redis 6, because it tells of a lost connection before the next command
    /// finds out.
    pub(crate) fn connections(&self) -> Result<Vec<ConnectionInfo>, redis::RedisError> {
        let mut server = RedisConnectionInfo::default()
            .set_protocol(ProtocolVersion::RESP3)
            .set_db(self.database.into());
        if let Some(user) = &self.user {
            server = server.set_username(user);
        }
        if let Some(password) = &self.password {
            server = server.set_password(password);
        }
        self.nodes
            .iter()
            .map(|node| {
                let address = ConnectionAddr::Tcp(node.host.clone(), node.port);
                Ok(address
                    .into_connection_info()?
                    .set_redis_settings(server.clone())
                    .set_tcp_settings(tcp()))
            })
            .collect()
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("nodes", &self.nodes)
            .field("cluster", &self.cluster)
            .field("database", &self.database)
            .field("connect_timeout", &self.connect_timeout)
            .field("answer_timeout", &self.answer_timeout)
            .finish_non_exhaustive()
    }
}

/// A timeout is too short or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a timeout of Redis lies between one millisecond and one minute")]
pub struct InvalidTimeout;

fn checked(timeout: Duration) -> Result<Duration, InvalidTimeout> {
    if TIMEOUTS.contains(&timeout) { Ok(timeout) } else { Err(InvalidTimeout) }
}

/// Small requests leave at once.
pub(crate) fn tcp() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}
