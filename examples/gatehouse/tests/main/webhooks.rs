//! Webhooks to customers, over real sockets of this machine, and from others.

mod attempts;
mod customer;
mod endpoints;
mod inbound;
mod intents;
mod left_behind;
mod logged;
mod loopback;
mod processes;
mod sending;
mod shares;
