//! Who is really calling: the client's address behind proxies.

mod address;
mod builder;
mod everyone;
mod fields;
mod forwarded;
mod hop;
mod hops;
mod peer;
mod policy;
mod refused;

pub use address::{ClientIp, Provenance};
pub use builder::{ForwardedHeader, InvalidTrust, TrustPolicyBuilder};
pub use fields::FieldLines;
pub use hop::HopProblem;
pub use peer::{InvalidPeer, Peer};
pub use policy::{MAX_HOPS, TrustPolicy};
pub use refused::AddressRefused;
