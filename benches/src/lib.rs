//! Side-by-side measurements: an operation of ours against that of a peer, in one process, by turns.
//!
//! A machine's speed drifts with its load and heat. Each round therefore measures both sides, back
//! to back, and what is reported is the median of the rounds' ratios with its spread; the times are
//! for orientation. The harness reports and does not judge.

pub mod allowlist;
mod comparison;
mod machine;
mod report;
pub mod rows;
mod statistics;

pub use comparison::{Comparison, Measured};
pub use machine::Machine;
pub use report::{json, markdown};

use std::task::{Context, Poll, Waker};

/// The value of a future that has nothing to wait for, such as one over a store in memory; nothing
/// when it would wait.
pub fn now_or_never<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = Context::from_waker(Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
