//! Why a signature did not verify, for development.

mod diagnosis;
mod form;
mod json;
mod secret_form;
mod text;

pub use diagnosis::{Diagnosis, Finding};
pub use form::SentForm;
pub use secret_form::SecretForm;
pub use text::{Candidate, Candidates, candidates};
