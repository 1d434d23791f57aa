//! Refusing a command line without repeating what may be a key or a password.

use std::process::ExitCode;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::output::{Failure, finish};

/// The longest value that an error repeats: too little of a key to be of use. Of a password or a webhook's
/// secret, which may be a word, it might be all, so where one is asked for, no value is repeated.
const SHORT: usize = 7;

const NOT_HERE: &str = "\
an argument that does not belong there; it is not repeated here, since it may be a secret.
Secrets are never arguments: the shell keeps a history, and every user of the machine sees the
arguments of a process. Give it on stdin, with --file PATH or with --env NAME, for a webhook with
--secret-file PATH or --secret-env NAME; if it was a live one, change it.";

/// Prints help, the version or a usage error, and returns the status to exit with.
pub(crate) fn report(error: Error) -> ExitCode {
    if !error.use_stderr() {
        // As with any output: a reader who has read enough is no failure.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let is_given = |wanted: &str| std::env::args_os().any(|argument| argument == wanted);
    let json = is_given("--json");
    match without_secrets(error, is_given("password") || is_given("webhook")) {
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

/// The same error without any value that could be a secret, or nothing when it is about such a value.
fn without_secrets(mut error: Error, about_words: bool) -> Option<Error> {
    let named = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument => {
            // A lone word, be it the name of a file, is better told where secrets come from.
            let argument = named(ContextKind::InvalidArg);
            let is_option = argument.starts_with('-') && is_plain(&argument);
            near_miss(error, is_option, about_words, ContextKind::InvalidArg)
        }
        ErrorKind::InvalidSubcommand => {
            let is_command = is_plain(&named(ContextKind::InvalidSubcommand));
            near_miss(error, is_command, about_words, ContextKind::InvalidSubcommand)
        }
        _ => {
            let value = error.get(ContextKind::InvalidValue);
            let repeated = if about_words { 0 } else { SHORT };
            let is_hidden = |text: &str| text.len() > repeated || text.contains(char::is_control);
            if value.is_some_and(|value| is_hidden(&value.to_string())) {
                hide(&mut error, ContextKind::InvalidValue);
            }
            Some(error)
        }
    }
}

/// The error about a mistyped name. A secret that is a word may look like one, so then only the tip is left.
fn near_miss(
    mut error: Error,
    is_name: bool,
    about_words: bool,
    kind: ContextKind,
) -> Option<Error> {
    if !about_words {
        return is_name.then_some(error);
    }
    let has_tip = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand]
        .into_iter()
        .any(|tip| error.get(tip).is_some());
    hide(&mut error, kind);
    // Says how to give it as a value.
    error.remove(ContextKind::Suggested);
    has_tip.then_some(error)
}

fn hide(error: &mut Error, kind: ContextKind) {
    error.insert(kind, ContextValue::String("…".to_owned()));
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
