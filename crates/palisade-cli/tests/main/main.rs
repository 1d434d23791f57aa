//! Integration tests: they run the real command. One module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod allowlist_files;
mod allowlist_reports;
mod allowlists;
mod breached;
mod columns;
mod command;
mod digests;
mod epochs;
mod formats;
mod help;
mod keys;
mod leaks;
mod lists;
mod passwords;
mod ratelimit_inputs;
mod ratelimits;
mod readme;
mod refusals;
mod tokens;
mod tune;
mod webhook_explained;
mod webhook_inputs;
mod webhook_secrets;
mod webhook_twilio;
mod webhooks;
