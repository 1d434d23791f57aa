//! `palisade completions`.

use clap::CommandFactory;
use serde::Serialize;

use crate::args::{Cli, CompletionsArgs};
use crate::output::{Failure, Output};

#[derive(Serialize)]
struct Completions {
    shell: String,
    script: String,
}

pub(crate) fn completions(args: &CompletionsArgs) -> Result<Output, Failure> {
    // Into memory first: the generator panics when it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "palisade", &mut script);
    let script = String::from_utf8(script).map_err(|error| Failure::error("output", &error))?;
    Output::new(script.clone(), &Completions { shell: args.shell.to_string(), script })
}
