//! Scripts that run on the server.

use redis::{Arg, Cmd, ToRedisArgs};

/// A script in Lua, and the digest by which a server that has seen it knows it.
#[derive(Debug)]
pub(crate) struct Script {
    code: &'static str,
    digest: String,
}

impl Script {
    pub(crate) fn new(code: &'static str) -> Self {
        Self { code, digest: redis::Script::new(code).get_hash().to_owned() }
    }

    /// A call with these keys. On a Cluster all of them have to lie in the same slot.
    pub(crate) fn call<K: ToRedisArgs>(&self, keys: &[K]) -> Call<'_> {
        let mut by_digest = Cmd::new();
        by_digest.arg("EVALSHA").arg(&self.digest).arg(keys.len()).arg(keys);
        Call { script: self, by_digest }
    }
}

/// A script with its keys and arguments.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    script: &'a Script,
    by_digest: Cmd,
}

impl Call<'_> {
    /// Adds an argument: the next of `ARGV`.
    pub(crate) fn arg(mut self, argument: impl ToRedisArgs) -> Self {
        self.by_digest.arg(argument);
        self
    }

    /// The command for a server that knows the script.
    pub(super) fn by_digest(&self) -> &Cmd {
        &self.by_digest
    }

    /// The command for any other. The server knows the script from then on.
    ///
    /// It goes where the keys are. `SCRIPT LOAD` would go to all nodes of a Cluster, and fail while one of
    /// them is down.
    pub(super) fn in_full(&self) -> Cmd {
        let mut command = Cmd::new();
        command.arg("EVAL").arg(self.script.code);
        for argument in self.by_digest.args_iter().skip(2) {
            if let Arg::Simple(argument) = argument {
                command.arg(argument);
            }
        }
        command
    }
}
