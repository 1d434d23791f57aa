//! `palisade session`.

mod inspect;
mod keys;
mod members;
mod source;
mod verify;

use crate::args::SessionCommand;
use crate::output::{Failure, Output};

pub(crate) fn run(command: &SessionCommand) -> Result<Output, Failure> {
    match command {
        SessionCommand::Inspect(args) => inspect::inspect(args),
        SessionCommand::Verify(args) => verify::verify(args),
    }
}
