//! What is wrong with the settings of a server.

use redis::{RedisError, Value};

use crate::{ConnectError, RedisDatabase};

/// Something about the settings of a server that takes protection away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Warning {
    /// When its memory is full, the server drops keys to make room. A dropped replay key is a replay, a
    /// dropped counter is a fresh limit, and a dropped session is a sign-in again. Set `maxmemory-policy`
    /// to `noeviction`.
    Evicts,
    /// The server writes nothing down as it goes. After a crash it lacks what came since the last snapshot,
    /// or everything. Set `appendonly` to `yes`, unless limits are all that it holds.
    Forgets,
}

impl Warning {
    /// A short, stable word for the log and for metrics.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Evicts => "redis_evicts",
            Self::Forgets => "redis_forgets",
        }
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Evicts => "Redis drops keys when it is full; set maxmemory-policy to noeviction",
            Self::Forgets => "Redis forgets keys in a crash; set appendonly to yes",
        })
    }
}

impl RedisDatabase {
    /// Looks at the settings of the server, or of all masters of a Cluster, and says what is wrong with
    /// them: nothing, or some of the [`Warning`]s, each once. To be called when a service starts.
    ///
    /// It reads `INFO`, which every user may do who is not kept from it.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] when the server does not answer, or does not let this user ask.
    pub async fn warnings(&self) -> Result<Vec<Warning>, ConnectError> {
        let mut info = redis::cmd("INFO");
        let answer: Value = self.run(info.arg("everything")).await?;
        let mut warnings = Vec::new();
        for node in nodes(answer)? {
            let field = |name: &str| {
                node.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            };
            // Without a limit nothing is ever dropped, whatever the policy says.
            let evicts = field("maxmemory") != Some("0")
                && field("maxmemory_policy").is_some_and(|policy| policy != "noeviction");
            warnings.extend(evicts.then_some(Warning::Evicts));
            warnings.extend((field("aof_enabled") == Some("0")).then_some(Warning::Forgets));
        }
        warnings.sort_unstable();
        warnings.dedup();
        Ok(warnings)
    }
}

/// The texts of all nodes: a server gives one, and a Cluster one for each address.
fn nodes(answer: Value) -> Result<Vec<String>, RedisError> {
    Ok(match answer {
        Value::Map(nodes) => nodes
            .into_iter()
            .map(|(_address, text)| redis::from_redis_value(text))
            .collect::<Result<_, _>>()?,
        text => vec![redis::from_redis_value(text)?],
    })
}
