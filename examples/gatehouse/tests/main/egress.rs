//! Requests to a URL that a customer chose, over real sockets of this machine.

mod answers;
mod limits;
mod reach;
mod receiver;
mod tls;
