//! Attempts to deliver a message, and when the next is due.

mod builder;
mod outcome;
mod policy;
mod record;
mod retry_after;
#[cfg(feature = "serde")]
mod stored;

pub use builder::{InvalidRetryPolicy, RetryPolicyBuilder};
pub use outcome::{GiveUp, Next, Outcome};
pub use policy::RetryPolicy;
pub use record::{Delivery, DeliveryState, NotRecorded};
pub use retry_after::{InvalidRetryAfter, RetryAfter};
