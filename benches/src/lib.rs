//! Side-by-side measurements: an operation of ours against that of a peer, in one process, by turns.
//!
//! A machine's speed drifts with its load and heat. Each round therefore measures both sides, back
//! to back, and what is reported is the median of the rounds' ratios with its spread; the times are
//! for orientation. The harness reports and does not judge.

mod comparison;
mod machine;
mod report;
pub mod rows;
mod statistics;

pub use comparison::{Comparison, Measured};
pub use machine::Machine;
pub use report::{json, markdown};
