//! The tests of palisade-webhook, one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

#[cfg(feature = "message-signatures")]
mod content_digest;
#[cfg(feature = "message-signatures")]
mod message_signatures;
#[cfg(feature = "message-signatures")]
mod rfc9421;
#[cfg(feature = "twilio")]
mod twilio;
mod vectors;
