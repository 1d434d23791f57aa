//! Whether an error repeats its input.

use std::error::Error;

/// A word that no message holds by itself, and that every parser here may meet: it is within
/// base64url, identifiers and keys alike.
///
/// The fuzzer's own bytes would not do: a short input such as `hex` stands in honest messages too.
pub(crate) const CANARY: &str = "Qx7vKz3Jw9";

/// Asserts that an error for an input with the canary in it does not show the canary.
pub(crate) fn assert_silent(error: &(dyn Error + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        assert!(!error.to_string().contains(CANARY), "the message repeats its input: {error}");
        assert!(!format!("{error:?}").contains(CANARY), "`Debug` repeats its input: {error:?}");
        next = error.source();
    }
}
