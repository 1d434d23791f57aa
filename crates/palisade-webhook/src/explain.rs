//! Why a signature may not have matched, for development.

mod form;
mod json;
mod text;

pub use form::SentForm;
pub use text::{Candidate, Candidates, candidates};
