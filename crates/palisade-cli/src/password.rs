//! `palisade password`.

mod breached;
mod column;
pub(crate) mod describe;
mod hash;
mod inspect;
mod policy;
mod rehash;
mod sink;
mod source;
mod tune;
mod verify;
mod wrap;

use crate::args::{BreachedCommand, PasswordCommand};
use crate::output::{Failure, Output};

pub(crate) fn run(command: PasswordCommand, json: bool) -> Result<Output, Failure> {
    match command {
        PasswordCommand::Hash(args) => hash::hash(&args),
        PasswordCommand::Verify(args) => verify::verify(&args),
        PasswordCommand::Inspect(args) => inspect::inspect(&args, json),
        PasswordCommand::NeedsRehash(args) => rehash::needs_rehash(&args, json),
        PasswordCommand::Wrap(args) => wrap::wrap(&args, json),
        PasswordCommand::Tune(args) => tune::tune(&args, json),
        PasswordCommand::Breached(BreachedCommand::Build(args)) => breached::build(&args, json),
        PasswordCommand::Breached(BreachedCommand::Check(args)) => breached::check(&args),
    }
}
