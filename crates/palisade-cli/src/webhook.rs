//! `palisade webhook`.

mod curl;
mod explain;
mod generate;
mod header_lines;
mod inspect;
mod keys;
mod secret_text;
mod sign;
mod twilio;
mod verify;
mod wire;

use crate::args::{WebhookCommand, WebhookSecretCommand};
use crate::output::{Failure, Output};

pub(crate) fn run(command: &WebhookCommand, json: bool) -> Result<Output, Failure> {
    match command {
        WebhookCommand::Sign(args) => sign::sign(args, json),
        WebhookCommand::Verify(args) => verify::verify(args, json),
        WebhookCommand::Headers(args) => wire::headers(args),
        WebhookCommand::Secret(WebhookSecretCommand::Generate(args)) => generate::generate(args),
        WebhookCommand::Secret(WebhookSecretCommand::Inspect(args)) => inspect::inspect(args),
    }
}
