//! gatehouse from outside: its routes in one process, and the program itself on a port.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests stand outside of the functions that clippy.toml speaks of"
)]

mod admission;
mod allowlists;
mod auth;
mod authorization;
mod bad_input;
mod binary;
mod binary_allowlists;
mod binary_sessions;
mod bouncer;
mod browser;
mod change;
mod egress;
mod epochs;
mod gate;
mod ingest;
mod keys;
mod process;
mod proxies;
mod rate_limits;
mod rehash;
mod renewed;
mod revocations;
mod sessions;
mod step_up;
mod store_down;
mod stored_lists;
mod users;
mod webhooks;
