//! Refusing a command line without repeating what may be a key.

use std::process::ExitCode;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::output::{Failure, finish};

/// The longest value that an error repeats: too little of a key to be of use.
const SHORT: usize = 7;

const NOT_HERE: &str = "\
an argument that does not belong there; it is not repeated here, since it may be a key.
Secrets are never arguments: the shell keeps a history, and every user of the machine sees the
arguments of a process. Give the key on stdin, with --file PATH or with --env NAME; if it was a
live one, rotate it.";

/// Prints help, the version or a usage error, and returns the status to exit with.
pub(crate) fn report(error: Error) -> ExitCode {
    if !error.use_stderr() {
        // As with any output: a reader who has read enough is no failure.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let json = std::env::args_os().any(|argument| argument == "--json");
    match without_secrets(error) {
        None => finish(&Err(Failure::error("usage", &shown(NOT_HERE, json))), json),
        Some(error) if json => {
            let message = error.render().to_string();
            finish(&Err(Failure::error("usage", &first_paragraph(&message))), json)
        }
        Some(error) => {
            let _ = error.print();
            ExitCode::from(2)
        }
    }
}

/// The same error without any value that could be a key, or nothing when it is about such a value.
fn without_secrets(mut error: Error) -> Option<Error> {
    let named = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument => {
            // A lone word, be it the name of a file, is better told where keys come from.
            let argument = named(ContextKind::InvalidArg);
            (argument.starts_with('-') && is_plain(&argument)).then_some(error)
        }
        ErrorKind::InvalidSubcommand => {
            is_plain(&named(ContextKind::InvalidSubcommand)).then_some(error)
        }
        _ => {
            let value = error.get(ContextKind::InvalidValue);
            if value.is_some_and(|value| value.to_string().len() > SHORT) {
                let hidden = ContextValue::String("…".to_owned());
                error.insert(ContextKind::InvalidValue, hidden);
            }
            Some(error)
        }
    }
}

/// Whether an argument looks like a mistyped option or command. A random key has capitals or digits.
fn is_plain(argument: &str) -> bool {
    argument.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// A text whose lines are broken for a terminal, as it is or, in JSON, on one line.
fn shown(text: &str, json: bool) -> String {
    if json { on_one_line(text) } else { text.to_owned() }
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn first_paragraph(message: &str) -> String {
    let paragraph = message.split("\n\n").next().unwrap_or_default();
    on_one_line(paragraph.trim_start_matches("error: "))
}
