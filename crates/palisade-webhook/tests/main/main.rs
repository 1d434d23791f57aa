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
// The corpus holds rows of every scheme, so it runs where all of them are there.
#[cfg(all(feature = "message-signatures", feature = "twilio"))]
mod vectors;
