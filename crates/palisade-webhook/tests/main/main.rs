//! The tests of palisade-webhook, one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]
#![allow(clippy::similar_names, reason = "a signer signs what a verifier has verified")]

#[cfg(all(feature = "asymmetric", feature = "http"))]
mod allocation;
#[cfg(feature = "asymmetric")]
mod bad_input;
#[cfg(feature = "asymmetric")]
mod bit_flips;
#[cfg(feature = "message-signatures")]
mod content_digest;
#[cfg(feature = "asymmetric")]
mod format_page;
#[cfg(feature = "asymmetric")]
mod github_scanning;
mod interop;
#[cfg(feature = "asymmetric")]
mod kit;
#[cfg(feature = "asymmetric")]
mod known_bugs;
#[cfg(feature = "message-signatures")]
mod message_signatures;
#[cfg(feature = "asymmetric")]
mod misuse;
#[cfg(feature = "asymmetric")]
mod model;
#[cfg(feature = "asymmetric")]
mod no_leaks;
#[cfg(feature = "asymmetric")]
mod policies;
#[cfg(feature = "asymmetric")]
mod replays;
#[cfg(feature = "message-signatures")]
mod rfc9421;
#[cfg(feature = "asymmetric")]
mod slow_and_late;
#[cfg(feature = "twilio")]
mod twilio;
// The corpus holds rows of every scheme, so it runs where all of them are there.
#[cfg(all(feature = "message-signatures", feature = "twilio"))]
mod vectors;
#[cfg(feature = "asymmetric")]
mod wycheproof;
