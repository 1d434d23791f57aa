//! URLs of Redis servers.

use super::{ANSWER_TIMEOUT, CONNECT_TIMEOUT, Node, RedisOptions};

/// Why a text is not the URL of a Redis server. The texts repeat nothing of it, because it may hold a
/// password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// It begins with none of the known schemes.
    #[error("the URL of Redis begins with `redis://` or `redis-cluster://`")]
    Scheme,
    /// It asks for TLS.
    #[error("this build connects to Redis without TLS; use a tunnel, or a network that is private")]
    Tls,
    /// User and password are not `user:password@`, with `%` before two hexadecimal digits alone.
    #[error("user and password of the URL of Redis are `user:password@`, percent-encoded")]
    Credentials,
    /// A host is missing or has a character that no host has.
    #[error("the URL of Redis names no host, or one with a character that no host has")]
    Host,
    /// A port is not a number from 1 to 65535.
    #[error("a port in the URL of Redis is a number from 1 to 65535")]
    Port,
    /// What follows the host is not a number from 0 to 255, or the URL is that of a Cluster, which has one
    /// database alone.
    #[error(
        "after the host of the URL of Redis comes the number of a database, but for a Cluster nothing"
    )]
    Database,
    /// One server is asked for, and several are named.
    #[error("`redis://` names one server; a Cluster is `redis-cluster://`")]
    SeveralHosts,
}

/// The port when none is given.
const PORT: u16 = 6379;

pub(super) fn parse(url: &str) -> Result<RedisOptions, InvalidUrl> {
    let (scheme, rest) = url.split_once("://").ok_or(InvalidUrl::Scheme)?;
    let cluster = match scheme {
        "redis" => false,
        "redis-cluster" => true,
        "rediss" | "rediss-cluster" => return Err(InvalidUrl::Tls),
        _ => return Err(InvalidUrl::Scheme),
    };
    let (credentials, rest) = match rest.rsplit_once('@') {
        Some((credentials, rest)) => (Some(credentials), rest),
        None => (None, rest),
    };
    let (user, password) = credentials.map(read_credentials).transpose()?.unwrap_or_default();
    let (hosts, database) = match rest.split_once('/') {
        Some((hosts, database)) => (hosts, database),
        None => (rest, ""),
    };
    let database = match database {
        "" => 0,
        _ if cluster => return Err(InvalidUrl::Database),
        digits => number(digits).ok_or(InvalidUrl::Database)?,
    };
    let nodes: Vec<Node> = hosts.split(',').map(read_node).collect::<Result<_, _>>()?;
    if !cluster && nodes.len() > 1 {
        return Err(InvalidUrl::SeveralHosts);
    }
    Ok(RedisOptions {
        nodes,
        cluster,
        user,
        password,
        database,
        connect_timeout: CONNECT_TIMEOUT,
        answer_timeout: ANSWER_TIMEOUT,
    })
}

fn read_credentials(text: &str) -> Result<(Option<String>, Option<String>), InvalidUrl> {
    let (user, password) = text.split_once(':').ok_or(InvalidUrl::Credentials)?;
    let user = percent_decoded(user)?;
    let password = percent_decoded(password)?;
    if password.is_empty() {
        return Err(InvalidUrl::Credentials);
    }
    Ok(((!user.is_empty()).then_some(user), Some(password)))
}

/// Characters that mean something in a URL stand encoded, so that a forgotten encoding is an error and not
/// another host.
fn percent_decoded(text: &str) -> Result<String, InvalidUrl> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || {
                    let byte = bytes.next()?;
                    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
                };
                let (high, low) = digit().zip(digit()).ok_or(InvalidUrl::Credentials)?;
                high << 4 | low
            }
            b':' | b'@' | b'/' | b'?' | b'#' | b'[' | b']' => return Err(InvalidUrl::Credentials),
            byte if byte <= b' ' || byte == 0x7f => return Err(InvalidUrl::Credentials),
            byte => byte,
        });
    }
    String::from_utf8(decoded).map_err(|_| InvalidUrl::Credentials)
}

fn read_node(text: &str) -> Result<Node, InvalidUrl> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']').ok_or(InvalidUrl::Host)?;
        let address: std::net::Ipv6Addr = address.parse().map_err(|_| InvalidUrl::Host)?;
        let port = match rest.strip_prefix(':') {
            Some(port) => read_port(port)?,
            None if rest.is_empty() => PORT,
            None => return Err(InvalidUrl::Host),
        };
        return Ok(Node { host: address.to_string(), port });
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, read_port(port)?),
        None => (text, PORT),
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if host.is_empty() || !host.bytes().all(allowed) {
        return Err(InvalidUrl::Host);
    }
    Ok(Node { host: host.to_owned(), port })
}

fn read_port(digits: &str) -> Result<u16, InvalidUrl> {
    number(digits).filter(|&port| port != 0).ok_or(InvalidUrl::Port)
}

/// A number of digits alone: `parse` would take a plus sign as well.
fn number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}
