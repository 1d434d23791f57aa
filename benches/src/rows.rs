//! The comparisons, one module a crate.

mod allowlist;
mod apikey;
mod password;
mod ratelimit;
mod redis;
mod secret;
mod session;
mod webhook;

use std::error::Error;

use crate::Comparison;

/// The rows of one crate, or why they could not be set up.
pub type Rows = Result<Vec<Comparison>, Box<dyn Error>>;

/// One entry a crate: where a new module is listed.
const CRATES: &[fn() -> Rows] = &[
    secret::rows,
    apikey::rows,
    password::rows,
    session::rows,
    allowlist::rows,
    webhook::rows,
    ratelimit::rows,
    redis::rows,
];

/// Every comparison, in the order of the table.
///
/// # Errors
///
/// The first set-up that fails.
pub fn all() -> Rows {
    let mut rows = Vec::new();
    for crate_rows in CRATES {
        rows.extend(crate_rows()?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_say_which_crate() {
        let rows = super::all().unwrap();
        let names: HashSet<&str> = rows.iter().map(super::Comparison::name).collect();
        assert_eq!(names.len(), rows.len());
        assert!(names.iter().all(|name| name.split('/').count() == 2), "{names:?}");
    }
}
